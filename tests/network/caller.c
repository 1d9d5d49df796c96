/* One try of one configuration: prints every event (as JSON) and every log line, and ends well once all that was wanted has come, in
 * this order.
 *
 *   caller CONFIG.json SECONDS WANTED ...       WANTED: the code of an event, or "chat" for the first chat state of Ann
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <teams_presence_sync.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static char **wanted;
static int left;

static void seen(const char *what)
{
    pthread_mutex_lock(&lock);
    if (left > 0 && strcmp(*wanted, what) == 0) {
        wanted++;
        left--;
        pthread_cond_broadcast(&moved);
    }
    pthread_mutex_unlock(&lock);
}

static int32_t on_chat_state(void *user_data, const tps_chat_change *change)
{
    (void)user_data;
    printf("chat %s %d\n", change->user_id, (int)change->chat_state);
    fflush(stdout);
    seen("chat");
    return TPS_ACK_APPLIED;
}

static void on_event(void *user_data, const tps_event *event)
{
    char code[16];
    (void)user_data;
    printf("event %d %s\n      %s\n      %s\n", (int)event->code, event->json, event->message, event->remedy);
    fflush(stdout);
    snprintf(code, sizeof code, "%d", (int)event->code);
    seen(code);
}

static void on_log(void *user_data, int32_t level, const char *target, const char *message, size_t len)
{
    (void)user_data;
    printf("log %d %s %.*s\n", (int)level, target, (int)len, message);
}

int main(int argc, char **argv)
{
    static char config[1 << 16];
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    tps_user ann;
    tps_sync *sync = NULL;
    struct timespec end;
    char err[1024];
    size_t len;
    FILE *file;
    int late = 0;

    if (argc < 4 || (file = fopen(argv[1], "rb")) == NULL) {
        fprintf(stderr, "usage: %s CONFIG.json SECONDS WANTED ...\n", argv[0]);
        return 2;
    }
    len = fread(config, 1, sizeof config, file);
    fclose(file);
    wanted = argv + 3;
    left = argc - 3;
    callbacks.on_chat_state = on_chat_state;
    callbacks.on_event = on_event;
    callbacks.on_log = on_log;
    TPS_INIT(&ann);
    ann.user_id = "100";
    ann.email = "ann@contoso.test";
    if (tps_create(config, len, &callbacks, &sync, err, sizeof err) != TPS_OK ||
        tps_set_users(sync, &ann, 1, err, sizeof err) != TPS_OK || tps_start(sync, err, sizeof err) != TPS_OK) {
        printf("refused %s\n", err);
        if (sync != NULL)
            tps_destroy(sync);
        return 3;
    }
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += atoi(argv[2]);
    pthread_mutex_lock(&lock);
    while (left > 0 && !late)
        late = pthread_cond_timedwait(&moved, &lock, &end) != 0;
    pthread_mutex_unlock(&lock);
    if (late)
        printf("waited in vain for %s\n", *wanted);
    while (tps_stop(sync, 5000) == TPS_E_TIMEOUT)
        ;
    return tps_destroy(sync) != TPS_OK || late;
}
