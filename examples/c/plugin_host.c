/* A host that loads the library at run time, the way a module system does, and shows what it is told.
 *
 *   cc plugin_host.c -ldl -o plugin_host
 *   ./plugin_host ./libteams_presence_sync.so config.json [--seconds N] 101=anna@contoso.example ...
 *
 * In a terminal: a live table. Piped: one line for each change. Ends after N seconds, or when standard input ends, with a summary.
 */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <teams_presence_sync.h>

#define MOST_USERS 64

/* The functions of the library that this host uses, found by name. */
static struct {
    uint32_t (*abi_version)(void);
    const char *(*version)(void);
    const char *(*status_name)(tps_status);
    tps_status (*create)(const char *, size_t, const tps_callbacks *, tps_sync **, char *, size_t);
    tps_status (*set_users)(tps_sync *, const tps_user *, size_t, char *, size_t);
    tps_status (*start)(tps_sync *, char *, size_t);
    tps_status (*stop)(tps_sync *, int32_t);
    tps_status (*destroy)(tps_sync *);
} tps;

struct row {
    char id[16], teams[40];
    const char *dnd, *chat, *reason;
    long latency_ms;
};

struct table {
    pthread_mutex_t lock;
    struct row rows[MOST_USERS];
    size_t count;
    int live, drawn;
    int64_t started_ms;
    unsigned long presences, dnd, chat, events, warnings;
    long slowest_ms, total_ms, timed;
    char last_event[200];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* POSIX gives functions as void *, which ISO C cannot cast: so they are copied. */
static void find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    memcpy(function, &symbol, sizeof symbol);
}

static struct row *row_of(struct table *table, const char *user_id)
{
    size_t i;
    for (i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].id, user_id) == 0)
            return &table->rows[i];
    return NULL;
}

static const char *reason_word(int32_t reason)
{
    static const char *const words[] = { "?", "rule", "resync", "stale", "disabled", "removed", "unmatched", "seats", "stopping", "dry run",
                                         "opted out" };
    return words[reason >= 1 && reason <= 10 ? reason : 0];
}

static const char *chat_word(int32_t state)
{
    static const char *const words[] = { "?", "available", "away", "dnd", "extended away", "offline", "released" };
    return words[state >= 1 && state <= 6 ? state : 0];
}

static void draw(struct table *table)
{
    size_t i;
    if (!table->live)
        return;
    if (table->drawn)
        printf("\033[%luA", (unsigned long)table->count + 3);
    table->drawn = 1;
    printf("\033[2K%6.1f s\n", (double)(now_ms() - table->started_ms) / 1000);
    printf("\033[2K\033[1m%-8s %-34s %-4s %-14s %-10s %s\033[0m\n", "user", "Teams", "DND", "chat", "reason", "seen -> told");
    for (i = 0; i < table->count; i++) {
        const struct row *row = &table->rows[i];
        const char *colour = row->dnd != NULL && strcmp(row->dnd, "on") == 0 ? "\033[31m" : "";
        printf("\033[2K%s%-8s %-34s %-4s %-14s %-10s ", colour, row->id, row->teams, row->dnd ? row->dnd : "-",
               row->chat ? row->chat : "-", row->reason ? row->reason : "-");
        if (row->reason != NULL && row->latency_ms >= 0)
            printf("%ld ms", row->latency_ms);
        printf("\033[0m\n");
    }
    printf("\033[2K%.110s\n", table->last_event);
    fflush(stdout);
}

/* A change came: keep it in the table, or print it. */
static void note(struct table *table, const char *user_id, const char *output, const char *value, int32_t reason, const tps_presence *presence)
{
    struct row *row = row_of(table, user_id);
    long latency = presence != NULL ? (long)(now_ms() - presence->observed_at_ms) : -1;
    if (row != NULL) {
        row->latency_ms = latency;
        row->reason = reason_word(reason);
    }
    /* A hold keeps a change back on purpose; only what is told at once says how fast the library is. */
    if (latency >= 0 && reason == TPS_REASON_RULE && strcmp(value, "off") != 0) {
        table->timed++;
        table->total_ms += latency;
        if (latency > table->slowest_ms)
            table->slowest_ms = latency;
    }
    if (!table->live)
        printf("%6.1f s  %-8s %-34s %s %-14s %s\n", (double)(now_ms() - table->started_ms) / 1000, user_id, row != NULL ? row->teams : "", output,
               value, reason_word(reason));
    draw(table);
    fflush(stdout);
}

static void on_presence(void *user_data, const tps_presence *presence)
{
    struct table *table = user_data;
    struct row *row;
    pthread_mutex_lock(&table->lock);
    table->presences++;
    row = row_of(table, presence->user_id);
    if (row != NULL)
        snprintf(row->teams, sizeof row->teams, "%.16s / %.20s", presence->availability_text, presence->activity_text);
    draw(table);
    pthread_mutex_unlock(&table->lock);
}

static int32_t on_dnd(void *user_data, const tps_dnd_change *change)
{
    struct table *table = user_data;
    struct row *row;
    const char *value = change->dnd == TPS_DND_ON ? "on" : "off";
    pthread_mutex_lock(&table->lock);
    table->dnd++;
    row = row_of(table, change->user_id);
    if (row != NULL)
        row->dnd = value;
    note(table, change->user_id, "DND ", value, change->reason, change->presence);
    pthread_mutex_unlock(&table->lock);
    return row != NULL ? TPS_ACK_APPLIED : TPS_ACK_GONE;
}

static int32_t on_chat_state(void *user_data, const tps_chat_change *change)
{
    struct table *table = user_data;
    struct row *row;
    pthread_mutex_lock(&table->lock);
    table->chat++;
    row = row_of(table, change->user_id);
    if (row != NULL)
        row->chat = chat_word(change->chat_state);
    note(table, change->user_id, "chat", chat_word(change->chat_state), change->reason, change->presence);
    pthread_mutex_unlock(&table->lock);
    return row != NULL ? TPS_ACK_APPLIED : TPS_ACK_GONE;
}

static void on_event(void *user_data, const tps_event *event)
{
    struct table *table = user_data;
    pthread_mutex_lock(&table->lock);
    table->events++;
    table->warnings += event->severity >= TPS_SEVERITY_WARNING;
    snprintf(table->last_event, sizeof table->last_event, "event %d: %s", (int)event->code, event->message);
    if (!table->live)
        printf("          %s\n", table->last_event);
    draw(table);
    fflush(stdout);
    pthread_mutex_unlock(&table->lock);
}

static void on_released(void *user_data)
{
    ((struct table *)user_data)->count = 0;
}

static void load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    find(library, "tps_abi_version", &tps.abi_version);
    find(library, "tps_version", &tps.version);
    find(library, "tps_status_name", &tps.status_name);
    find(library, "tps_create", &tps.create);
    find(library, "tps_set_users", &tps.set_users);
    find(library, "tps_start", &tps.start);
    find(library, "tps_stop", &tps.stop);
    find(library, "tps_destroy", &tps.destroy);
    if (tps.abi_version() >> 16 != TPS_ABI_VERSION >> 16) {
        fprintf(stderr, "%s: another major version of the interface\n", path);
        exit(1);
    }
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

/* Until the time is over or standard input ends. */
static void wait_for_end(long seconds)
{
    int64_t end = now_ms() + seconds * 1000;
    struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
    char ignored[256];
    while (seconds == 0 || now_ms() < end) {
        int ready = poll(&in, 1, 200);
        if (ready > 0 && seconds == 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0)
            return;
        if (ready != 0 && seconds != 0) {
            struct timespec nap = { 0, 100000000 };
            nanosleep(&nap, NULL);
        }
    }
}

int main(int argc, char **argv)
{
    static struct table table;
    static tps_user users[MOST_USERS];
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    tps_sync *sync = NULL;
    tps_status status;
    char err[1024], *config;
    size_t len = 0;
    long seconds = 0;
    int i;

    if (argc < 4) {
        fprintf(stderr, "usage: %s LIBRARY CONFIG.json [--seconds N] USER_ID=EMAIL ...\n", argv[0]);
        return 2;
    }
    for (i = 3; i < argc && table.count < MOST_USERS; i++) {
        char *email = strchr(argv[i], '=');
        struct row *row = &table.rows[table.count];
        if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = atol(argv[++i]);
            continue;
        }
        if (email != NULL)
            *email++ = '\0';
        snprintf(row->id, sizeof row->id, "%s", argv[i]);
        if (email == NULL || *email == '\0')
            snprintf(row->teams, sizeof row->teams, "(no e-mail address)");
        TPS_INIT(&users[table.count]);
        users[table.count].user_id = argv[i];
        users[table.count++].email = email;
    }
    load(argv[1]);
    pthread_mutex_init(&table.lock, NULL);
    table.live = isatty(STDOUT_FILENO);
    table.started_ms = now_ms();
    callbacks.user_data = &table;
    callbacks.on_presence = on_presence;
    callbacks.on_dnd = on_dnd;
    callbacks.on_chat_state = on_chat_state;
    callbacks.on_event = on_event;
    callbacks.on_released = on_released;

    printf("teams-presence-sync %s, %lu users\n", tps.version(), (unsigned long)table.count);
    config = read_file(argv[2], &len);
    status = tps.create(config, len, &callbacks, &sync, err, sizeof err);
    free(config);
    if (status != TPS_OK) {
        fprintf(stderr, "create: %s: %s\n", tps.status_name(status), err);
        return 1;
    }
    status = tps.set_users(sync, users, table.count, err, sizeof err);
    if (status == TPS_OK)
        status = tps.start(sync, err, sizeof err);
    if (status != TPS_OK) {
        fprintf(stderr, "start: %s: %s\n", tps.status_name(status), err);
        tps.destroy(sync);
        return 1;
    }
    wait_for_end(seconds);
    while ((status = tps.stop(sync, 5000)) == TPS_E_TIMEOUT)
        fprintf(stderr, "a callback hangs; waiting\n");
    printf("\nsummary: %lu presences, %lu DND changes, %lu chat changes, %lu events (%lu of them warnings or errors)\n", table.presences, table.dnd,
           table.chat, table.events, table.warnings);
    if (table.timed > 0)
        printf("from the poll answer to the callback: %ld ms on average, %ld ms at most\n", table.total_ms / table.timed, table.slowest_ms);
    printf("stop: %s, destroy: %s\n", tps.status_name(status), tps.status_name(tps.destroy(sync)));
    return status == TPS_OK ? 0 : 1;
}
