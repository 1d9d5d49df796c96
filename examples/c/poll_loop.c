/* A host with its own loop: "dispatch": {"mode": "poll"}. Callbacks run inside tps_dispatch, on this program's only thread.
 *
 *   ./poll_loop config.json 101=anna@contoso.example ...
 *
 * Runs until standard input ends. Changes are answered PENDING and acknowledged from the loop, as a host does that must first ask
 * something else (a database, another process).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <teams_presence_sync.h>

#define MOST_USERS 256
#define MOST_PENDING 1024

struct loop {
    uint64_t pending[MOST_PENDING];
    size_t count;
    unsigned long callbacks;
};

/* Keeps the id for later; what does not fit is asked for again by TPS_ACK_RETRY. */
static int32_t keep(struct loop *loop, uint64_t change_id)
{
    loop->callbacks++;
    if (loop->count == MOST_PENDING)
        return TPS_ACK_RETRY;
    loop->pending[loop->count++] = change_id;
    return TPS_ACK_PENDING;
}

static int32_t on_dnd(void *user_data, const tps_dnd_change *change)
{
    printf("%s: DND %s (%s)\n", change->user_id, change->dnd == TPS_DND_ON ? "on" : "off",
           change->presence != NULL ? change->presence->activity_text : "no presence");
    return keep(user_data, change->change_id);
}

static int32_t on_chat_state(void *user_data, const tps_chat_change *change)
{
    printf("%s: chat %d\n", change->user_id, (int)change->chat_state);
    return keep(user_data, change->change_id);
}

static void on_event(void *user_data, const tps_event *event)
{
    (void)user_data;
    fprintf(stderr, "event %d: %s\n", (int)event->code, event->message);
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
    static tps_user users[MOST_USERS];
    static struct loop loop;
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    tps_sync *sync = NULL;
    struct pollfd fds[2];
    char err[1024], *config, input[256];
    size_t count = 0, len = 0, i;
    tps_status status;

    if (argc < 3) {
        fprintf(stderr, "usage: %s CONFIG.json USER_ID=EMAIL ...\n", argv[0]);
        return 2;
    }
    for (i = 2; i < (size_t)argc && count < MOST_USERS; i++) {
        char *email = strchr(argv[i], '=');
        TPS_INIT(&users[count]);
        if (email != NULL)
            *email++ = '\0';
        users[count].user_id = argv[i];
        users[count++].email = email;
    }
    callbacks.user_data = &loop;
    callbacks.on_dnd = on_dnd;
    callbacks.on_chat_state = on_chat_state;
    callbacks.on_event = on_event;

    config = read_file(argv[1], &len);
    status = tps_create(config, len, &callbacks, &sync, err, sizeof err);
    free(config);
    if (status != TPS_OK) {
        fprintf(stderr, "create: %s\n", err);
        return 1;
    }
    fds[0].fd = tps_event_fd(sync);
    if (fds[0].fd < 0) {
        fprintf(stderr, "the configuration needs \"dispatch\": {\"mode\": \"poll\"} (%s)\n", tps_status_name(fds[0].fd));
        tps_destroy(sync);
        return 1;
    }
    if (tps_set_users(sync, users, count, err, sizeof err) != TPS_OK || tps_start(sync, err, sizeof err) != TPS_OK) {
        fprintf(stderr, "start: %s\n", err);
        tps_destroy(sync);
        return 1;
    }
    fds[0].events = POLLIN;
    fds[1].fd = STDIN_FILENO;
    fds[1].events = POLLIN;
    for (;;) {
        if (poll(fds, 2, 1000) < 0)
            break;
        if ((fds[1].revents & (POLLIN | POLLHUP)) != 0 && read(STDIN_FILENO, input, sizeof input) <= 0)
            break;
        if (tps_dispatch(sync, 0, 64) < 0)
            break;
        for (i = 0; i < loop.count; i++)
            tps_acknowledge(sync, loop.pending[i], TPS_ACK_APPLIED);
        loop.count = 0;
        fflush(stdout);
    }
    /* In this mode the stop runs the remaining callbacks right here. Nobody acknowledges them while it does, so it gives up waiting for
     * that at the end of its time. */
    status = tps_stop(sync, 500);
    printf("%lu callbacks, stop: %s\n", loop.callbacks, tps_status_name(status));
    return tps_destroy(sync) == TPS_OK ? 0 : 1;
}
