/* The least host: linked against the library, callbacks on the library's thread, until standard input ends.
 *
 *   cc host.c -lteams_presence_sync -o host
 *   ./host config.json 101=anna@contoso.example 102=ben@contoso.example
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <teams_presence_sync.h>

#define MOST_USERS 256

static int32_t on_dnd(void *user_data, const tps_dnd_change *change)
{
    (void)user_data;
    printf("%s: DND %s\n", change->user_id, change->dnd == TPS_DND_ON ? "on" : "off");
    fflush(stdout);
    return TPS_ACK_APPLIED; /* a real host switches the extension here, or answers TPS_ACK_RETRY */
}

static int32_t on_chat_state(void *user_data, const tps_chat_change *change)
{
    static const char *const words[] = { "?", "available", "away", "do not disturb", "extended away", "offline", "released" };
    int known = change->chat_state >= TPS_CHAT_AVAILABLE && change->chat_state <= TPS_CHAT_RELEASED;
    (void)user_data;
    printf("%s: chat %s\n", change->user_id, words[known ? change->chat_state : 0]);
    fflush(stdout);
    return TPS_ACK_APPLIED;
}

static void on_event(void *user_data, const tps_event *event)
{
    (void)user_data;
    fprintf(stderr, "event %d: %s\n  what to do: %s\n", (int)event->code, event->message, event->remedy);
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
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    static tps_user users[MOST_USERS];
    tps_sync *sync = NULL;
    char err[1024], *config;
    size_t count = 0, len = 0;
    int i;

    if (argc < 3) {
        fprintf(stderr, "usage: %s CONFIG.json USER_ID=EMAIL ...\n", argv[0]);
        return 2;
    }
    for (i = 2; i < argc && count < MOST_USERS; i++) {
        char *email = strchr(argv[i], '=');
        TPS_INIT(&users[count]);
        if (email != NULL)
            *email++ = '\0';
        users[count].user_id = argv[i];
        users[count++].email = email;
    }
    callbacks.on_dnd = on_dnd;
    callbacks.on_chat_state = on_chat_state;
    callbacks.on_event = on_event;

    config = read_file(argv[1], &len);
    if (tps_create(config, len, &callbacks, &sync, err, sizeof err) != TPS_OK) {
        fprintf(stderr, "create: %s\n", err);
        return 1;
    }
    free(config);
    if (tps_set_users(sync, users, count, err, sizeof err) != TPS_OK || tps_start(sync, err, sizeof err) != TPS_OK) {
        fprintf(stderr, "start: %s\n", err);
        tps_destroy(sync);
        return 1;
    }
    while (getchar() != EOF)
        ;
    while (tps_stop(sync, 5000) == TPS_E_TIMEOUT)
        fprintf(stderr, "a callback hangs; waiting\n");
    return tps_destroy(sync) == TPS_OK ? 0 : 1;
}
