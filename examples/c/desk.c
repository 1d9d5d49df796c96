/* A desk: extensions whose DND key a person presses while Teams changes. Shows whose a DND is, and what is left alone.
 *
 *   cc desk.c -lteams_presence_sync -lpthread -o desk
 *   ./desk config.json 100=anna@contoso.example 101=ben@contoso.example
 *
 * Then, line by line:
 *
 *   100 dnd on        somebody presses the DND key of 100
 *   100 dnd off       and releases it
 *   100 explain       why 100 stands as it does, as JSON
 *   list              how the extensions stand
 *
 * Things to try: start a call in Teams and see the DND come; switch it off at the desk and see it left alone until the call has been
 * over for a minute; switch it on by hand, have a call, and see that the end of the call does not take it away.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <teams_presence_sync.h>

#define MOST_EXTENSIONS 256

/* What this telephone system knows of an extension. */
struct extension {
    const char *id;
    const char *email;
    int dnd;
    const char *by; /* who switched it last */
    char teams[80];
};

struct desk {
    pthread_mutex_t lock; /* callbacks come on the library's thread, keys on ours */
    struct extension extensions[MOST_EXTENSIONS];
    size_t count;
};

static struct desk desk = { PTHREAD_MUTEX_INITIALIZER, { { 0 } }, 0 };

/* Under the lock. */
static struct extension *extension_of(const char *id)
{
    size_t i;
    for (i = 0; i < desk.count; i++)
        if (strcmp(desk.extensions[i].id, id) == 0)
            return &desk.extensions[i];
    return NULL;
}

static const char *reason_word(int32_t reason)
{
    static const char *const words[] = { "?", "rule", "after a start", "too old", "disabled", "removed", "unmatched", "no seat", "stopping", "dry run",
                                         "opted out" };
    return words[reason >= 1 && reason <= 10 ? reason : 0];
}

static int32_t on_dnd(void *user_data, const tps_dnd_change *change)
{
    int wanted = change->dnd == TPS_DND_ON;
    int32_t answer = TPS_ACK_GONE;
    struct extension *extension;
    (void)user_data;
    pthread_mutex_lock(&desk.lock);
    extension = extension_of(change->user_id);
    if (extension != NULL && extension->dnd == wanted) {
        /* It stood so before: not the library's doing, and the library will not undo it. */
        answer = TPS_ACK_ALREADY;
        printf("%s: Teams wants DND %s; it is so already, by %s\n", extension->id, wanted ? "on" : "off", extension->by);
    } else if (extension != NULL) {
        extension->dnd = wanted;
        extension->by = "Teams";
        answer = TPS_ACK_APPLIED;
        printf("%s: DND %s by Teams (%s)\n", extension->id, wanted ? "on" : "off", reason_word(change->reason));
    }
    fflush(stdout);
    pthread_mutex_unlock(&desk.lock);
    return answer;
}

static void on_presence(void *user_data, const tps_presence *presence)
{
    struct extension *extension;
    (void)user_data;
    pthread_mutex_lock(&desk.lock);
    extension = extension_of(presence->user_id);
    if (extension != NULL) {
        snprintf(extension->teams, sizeof extension->teams, "%s/%s", presence->availability_text, presence->activity_text);
        printf("%s: Teams says %s\n", extension->id, extension->teams);
        fflush(stdout);
    }
    pthread_mutex_unlock(&desk.lock);
}

static void on_event(void *user_data, const tps_event *event)
{
    (void)user_data;
    fprintf(stderr, "event %d: %s\n", (int)event->code, event->message);
}

/* A person presses the key: the telephone system switches and tells the library, which then knows whose the DND is. Both under the lock
 * that on_dnd takes, so that the library hears of changes in the order in which they happened. */
static void press(tps_sync *sync, const char *id, int on)
{
    struct extension *extension;
    tps_status status;
    pthread_mutex_lock(&desk.lock);
    extension = extension_of(id);
    if (extension != NULL) {
        extension->dnd = on;
        extension->by = "a person";
        printf("%s: DND %s by a person\n", id, on ? "on" : "off");
        fflush(stdout);
    }
    status = tps_report_dnd(sync, id, on, TPS_REPORT_PERSON);
    pthread_mutex_unlock(&desk.lock);
    if (status != TPS_OK)
        fprintf(stderr, "%s: %s\n", id, tps_status_name(status));
}

static void explain(tps_sync *sync, const char *id)
{
    char *text = NULL, *more;
    size_t len = 0;
    tps_status status;
    /* The answer may grow between two calls, so ask until it fits. */
    while ((status = tps_explain(sync, id, text, &len)) == TPS_E_TOO_SMALL) {
        more = realloc(text, len);
        if (more == NULL)
            break;
        text = more;
    }
    if (status == TPS_OK)
        printf("%s\n", text);
    else
        fprintf(stderr, "%s: %s\n", id, tps_status_name(status));
    fflush(stdout);
    free(text);
}

static void list(void)
{
    size_t i;
    pthread_mutex_lock(&desk.lock);
    for (i = 0; i < desk.count; i++) {
        const struct extension *extension = &desk.extensions[i];
        printf("%-8s DND %-4s by %-10s Teams %s\n", extension->id, extension->dnd ? "on" : "off", extension->by,
               extension->teams[0] != '\0' ? extension->teams : "-");
    }
    fflush(stdout);
    pthread_mutex_unlock(&desk.lock);
}

static void obey(tps_sync *sync, char *line)
{
    const char *first = strtok(line, " \t\r\n"), *second = strtok(NULL, " \t\r\n"), *third = strtok(NULL, " \t\r\n");
    if (first == NULL)
        return;
    if (strcmp(first, "list") == 0 && second == NULL)
        list();
    else if (second != NULL && strcmp(second, "explain") == 0 && third == NULL)
        explain(sync, first);
    else if (second != NULL && third != NULL && strcmp(second, "dnd") == 0 && (strcmp(third, "on") == 0 || strcmp(third, "off") == 0))
        press(sync, first, strcmp(third, "on") == 0);
    else
        fprintf(stderr, "say: EXTENSION dnd on|off, EXTENSION explain, or list\n");
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(1 << 20);
    if (file == NULL || text == NULL) {
        perror(path);
        exit(2);
    }
    *len = fread(text, 1, 1 << 20, file);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    static tps_user users[MOST_EXTENSIONS];
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    tps_sync *sync = NULL;
    char err[1024], line[256], *config;
    size_t len = 0;
    tps_status status;
    int i;

    if (argc < 3) {
        fprintf(stderr, "usage: %s CONFIG.json EXTENSION=EMAIL ...\n", argv[0]);
        return 2;
    }
    for (i = 2; i < argc && desk.count < MOST_EXTENSIONS; i++) {
        struct extension *extension = &desk.extensions[desk.count];
        char *email = strchr(argv[i], '=');
        if (email != NULL)
            *email++ = '\0';
        extension->id = argv[i];
        extension->email = email;
        extension->by = "nobody";
        TPS_INIT(&users[desk.count]);
        users[desk.count].user_id = extension->id;
        users[desk.count].email = extension->email;
        /* A fact about this telephone system, which has just begun. */
        users[desk.count++].host_dnd = TPS_HOST_DND_OFF;
    }
    callbacks.on_dnd = on_dnd;
    callbacks.on_presence = on_presence;
    callbacks.on_event = on_event;

    config = read_file(argv[1], &len);
    status = tps_create(config, len, &callbacks, &sync, err, sizeof err);
    free(config);
    if (status != TPS_OK) {
        fprintf(stderr, "create: %s\n", err);
        return 1;
    }
    if (tps_set_users(sync, users, desk.count, err, sizeof err) != TPS_OK || tps_start(sync, err, sizeof err) != TPS_OK) {
        fprintf(stderr, "start: %s\n", err);
        tps_destroy(sync);
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL)
        obey(sync, line);
    while ((status = tps_stop(sync, 5000)) == TPS_E_TIMEOUT)
        fprintf(stderr, "a callback hangs; waiting\n");
    list();
    return status == TPS_OK && tps_destroy(sync) == TPS_OK ? 0 : 1;
}
