/* How soon a change in Teams is told: by change notifications, and by polling. The simulator plays Microsoft.
 *
 *   cc notify_host.c -lteams_presence_sync -lpthread -o notify_host
 *   teams-presence-simulator --http 127.0.0.1:8090 &
 *   ./notify_host 8090 [--poll-interval-ms 5000]
 *
 * With notifications the time runs from the moment at which the simulator writes its POST to the moment at which a callback is entered here.
 * The simulator keeps the first in its journal ("sent_us"), by the same clock of the same machine that this program reads.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <teams_presence_sync.h>

#define USERS 8
#define POLLED 4
#define PATIENCE_S 30
#define ANSWER_ROOM (4 << 20)

static const char *const names[USERS] = { "ann", "ben", "cleo", "dev", "eva", "finn", "gina", "hugo" };

/* What the callbacks have told of one user, and when they were entered. */
struct row {
    char object_id[40];
    int32_t availability, dnd, chat;
    int64_t presence_us, dnd_us, chat_us;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct row rows[USERS];
} host = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, { { "", 0, 0, 0, 0, 0, 0 } } };

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* ---- the simulator's control API ---- */

static int simulator_port;

/* One request on a connection of its own; the caller frees the answer's body. */
static char *ask(const char *method, const char *what, const char *json)
{
    struct sockaddr_in at;
    char head[300], *answer = malloc(ANSWER_ROOM), *body;
    size_t len = 0;
    ssize_t got;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_port = htons((uint16_t)simulator_port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (answer == NULL || fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        fail(what, "no simulator at this port");
    snprintf(head, sizeof head,
             "%s /_control/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %lu\r\n"
             "Connection: close\r\n\r\n",
             method, what, simulator_port, (unsigned long)strlen(json));
    if (send(fd, head, strlen(head), MSG_NOSIGNAL) < 0 || send(fd, json, strlen(json), MSG_NOSIGNAL) < 0)
        fail(what, "the simulator does not listen");
    while (len < ANSWER_ROOM - 1 && (got = recv(fd, answer + len, ANSWER_ROOM - 1 - len, 0)) > 0)
        len += (size_t)got;
    close(fd);
    answer[len] = '\0';
    body = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || body == NULL)
        fail(what, answer);
    memmove(answer, body + 4, strlen(body + 4) + 1);
    return answer;
}

static void set_presence(const char *name, int busy)
{
    char json[200];
    snprintf(json, sizeof json, "{\"user\":\"%s@contoso.test\",\"availability\":\"%s\",\"activity\":\"%s\"}", name, busy ? "Busy" : "Available",
             busy ? "InACall" : "Available");
    free(ask("POST", "presence", json));
}

static int subscriptions(const char *state)
{
    char *views = ask("GET", "subscriptions", ""), *at = views, word[40];
    int count = 0;
    snprintf(word, sizeof word, "\"state\":\"%s\"", state);
    for (; (at = strstr(at, word)) != NULL; at++)
        count++;
    free(views);
    return count;
}

/* A number of a journal's entry. What was sent stands in it as a text, whose quotes are escaped, so that it is never taken for the entry's own. */
static int64_t number(const char *entry, const char *name)
{
    char word[40];
    const char *at;
    snprintf(word, sizeof word, "\"%s\":", name);
    at = strstr(entry, word);
    return at != NULL ? strtoll(at + strlen(word), NULL, 10) : 0;
}

/* When the newest notification about this person was written; -1: none after `*last`, the number of the one before. */
static int64_t posted_us(const char *object_id, int64_t *last)
{
    char *journal = ask("GET", "deliveries?limit=20", ""), *entry = journal, *next, about[80];
    int64_t sent = -1;
    snprintf(about, sizeof about, "\\\"id\\\":\\\"%s\\\"", object_id);
    for (; entry != NULL; entry = next) {
        next = strstr(entry, "},{\"");
        if (next != NULL)
            *next++ = '\0';
        if (strstr(entry, "\"kind\":\"notification\"") != NULL && strstr(entry, about) != NULL && number(entry, "number") > *last) {
            *last = number(entry, "number");
            if ((sent = number(entry, "sent_us")) <= 0)
                fail("sent_us", "not in the simulator's journal");
        }
    }
    free(journal);
    return sent;
}

/* ---- callbacks: they come from the library's thread, one after the other ---- */

/* The user whom a callback is about; user ids are "101", "102", ... The lock is held until `done`. */
static struct row *about(const char *user_id)
{
    pthread_mutex_lock(&host.lock);
    return &host.rows[(atoi(user_id) - 101) % USERS];
}

static void done(void)
{
    pthread_cond_signal(&host.news);
    pthread_mutex_unlock(&host.lock);
}

static void on_presence(void *user_data, const tps_presence *presence)
{
    int64_t now = now_us();
    struct row *row = about(presence->user_id);
    (void)user_data;
    snprintf(row->object_id, sizeof row->object_id, "%s", presence->entra_object_id);
    row->availability = presence->availability;
    row->presence_us = now;
    done();
}

static int32_t on_dnd(void *user_data, const tps_dnd_change *change)
{
    int64_t now = now_us();
    struct row *row = about(change->user_id);
    (void)user_data;
    row->dnd = change->dnd;
    row->dnd_us = now;
    done();
    return TPS_ACK_APPLIED;
}

static int32_t on_chat_state(void *user_data, const tps_chat_change *change)
{
    int64_t now = now_us();
    struct row *row = about(change->user_id);
    (void)user_data;
    row->chat = change->chat_state;
    row->chat_us = now;
    done();
    return TPS_ACK_APPLIED;
}

static void on_event(void *user_data, const tps_event *event)
{
    (void)user_data;
    if (event->severity >= TPS_SEVERITY_WARNING)
        fprintf(stderr, "event %d: %s\n", (int)event->code, event->message);
}

/* Waits until a user stands so: in a call with DND on, or available with DND off. Answers what was told last. */
static struct row wait_for(size_t user, int busy, long seconds)
{
    int32_t availability = busy ? TPS_AVAILABILITY_BUSY : TPS_AVAILABILITY_AVAILABLE, chat = busy ? TPS_CHAT_DND : TPS_CHAT_AVAILABLE;
    struct timespec end;
    struct row row;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += seconds;
    pthread_mutex_lock(&host.lock);
    for (;;) {
        row = host.rows[user];
        /* At first nobody is told to switch off a DND that is off: 0. */
        if (row.availability == availability && row.chat == chat && (busy ? row.dnd == TPS_DND_ON : row.dnd != TPS_DND_ON))
            break;
        if (pthread_cond_timedwait(&host.news, &host.lock, &end) != 0)
            fail(names[user], "no callback came");
    }
    pthread_mutex_unlock(&host.lock);
    return row;
}

/* ---- the measurement ---- */

/* Whether the library holds a subscription: docs/stats.md, notifications.accounts.*.state. */
static int subscribed(tps_sync *sync)
{
    static char stats[1 << 16];
    size_t len = sizeof stats;
    return tps_stats(sync, stats, &len) == TPS_OK && (strstr(stats, "\"state\":\"on\"") != NULL || strstr(stats, "\"state\":\"unproved\"") != NULL);
}

static int by_size(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void summary(const char *what, double *all, size_t count)
{
    qsort(all, count, sizeof *all, by_size);
    printf("%s: median %.1f ms, max %.1f ms (%lu changes)\n", what, all[count / 2], all[count - 1], (unsigned long)count);
}

static void pause_ms(long ms)
{
    struct timespec nap;
    nap.tv_sec = ms / 1000;
    nap.tv_nsec = ms % 1000 * 1000000;
    nanosleep(&nap, NULL);
}

/* Creates, hands eight users over, starts, and waits until all are known to be available. */
static tps_sync *begin(const char *source)
{
    /* The simulator's tenant, its app, and the account of its service user. */
    static const char form[] =
        "{ \"mode\": \"presence_sync\", \"tenant_id\": \"contoso.test\", \"client_id\": \"16fd2706-8baf-433b-82eb-8c7fada847da\",\n"
        "  \"auth\": { \"method\": \"password\", \"username\": \"presence-service@contoso.test\",\n"
        "            \"password\": \"p[a]s<s>w?o#r&d%%+ \\\"quo'te~\303\274\342\202\254.Q\" },\n"
        "  \"endpoints\": { \"login\": \"http://127.0.0.1:%d\", \"graph\": \"http://127.0.0.1:%d\" },\n"
        "  \"dnd\": { \"hold_off_ms\": 0 }, \"stale\": { \"after_ms\": 10800000 },\n"
        "  \"source\": %s }";
    static char ids[USERS][8], emails[USERS][32], config[2000], err[1024];
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    tps_user users[USERS];
    tps_sync *sync = NULL;
    tps_status status;
    size_t i;
    memset(host.rows, 0, sizeof host.rows);
    for (i = 0; i < USERS; i++) {
        snprintf(ids[i], sizeof ids[i], "%d", 101 + (int)i);
        snprintf(emails[i], sizeof emails[i], "%s@contoso.test", names[i]);
        TPS_INIT(&users[i]);
        users[i].user_id = ids[i];
        users[i].email = emails[i];
        set_presence(names[i], 0);
    }
    callbacks.on_presence = on_presence;
    callbacks.on_dnd = on_dnd;
    callbacks.on_chat_state = on_chat_state;
    callbacks.on_event = on_event;
    snprintf(config, sizeof config, form, simulator_port, simulator_port, source);
    status = tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err);
    if (status == TPS_OK)
        status = tps_set_users(sync, users, USERS, err, sizeof err);
    if (status == TPS_OK)
        status = tps_start(sync, err, sizeof err);
    if (status != TPS_OK)
        fail(tps_status_name(status), err);
    for (i = 0; i < USERS; i++)
        wait_for(i, 0, PATIENCE_S);
    return sync;
}

/* No callback comes after this, and no subscription is left at Graph. */
static void end(tps_sync *sync)
{
    tps_status status;
    while ((status = tps_stop(sync, 5000)) == TPS_E_TIMEOUT)
        fprintf(stderr, "a callback hangs; waiting\n");
    printf("tps_stop: %s", tps_status_name(status));
    printf(", tps_destroy: %s\n", tps_status_name(tps_destroy(sync)));
}

/* A port of this machine that nobody has at the moment. */
static int free_port(void)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("a port", "none is free");
    close(fd);
    return ntohs(at.sin_port);
}

static void by_notifications(void)
{
    double all[2 * USERS];
    char source[500];
    size_t count = 0, i;
    int64_t last = 0;
    int port = free_port(), busy, wait;
    tps_sync *sync;
    printf("\nBy notifications (rich: encrypted for the library's own key). Polling asks once an hour, so nothing here is known by polling.\n"
           "The time runs from the simulator's POST to the beginning of the callback: HTTP, proof, decryption, decision and dispatch.\n\n");
    snprintf(source, sizeof source,
             "{ \"mode\": \"notifications\", \"poll_interval_ms\": 3600000, \"watchdog_interval_ms\": 3600000, \"notifications\":\n"
             "    { \"url\": \"http://127.0.0.1:%d/graph/notify\", \"content\": \"rich\", \"listener\": { \"address\": \"127.0.0.1:%d\" } } }",
             port, port);
    sync = begin(source);
    for (wait = 0; !subscribed(sync); wait++) {
        if (wait > PATIENCE_S * 20)
            fail("notifications", "no subscription");
        pause_ms(50);
    }
    printf("subscriptions at Graph while running: %d\n\n", subscriptions("alive"));
    printf("user  Teams                 on_presence        on_dnd              on_chat_state\n");
    for (busy = 1; busy >= 0; busy--) {
        for (i = 0; i < USERS; i++) {
            struct row row;
            int64_t sent;
            set_presence(names[i], busy);
            row = wait_for(i, busy, PATIENCE_S);
            /* The POST is written down when its answer is there, which may be after the callback. */
            for (wait = 0; (sent = posted_us(row.object_id, &last)) < 0; wait++) {
                if (wait > PATIENCE_S * 100)
                    fail(names[i], "no POST in the journal");
                pause_ms(10);
            }
            all[count] = (double)(row.presence_us - sent) / 1000;
            printf("%-5d %-20s %6.2f ms     %3s %6.2f ms     %9s %6.2f ms\n", 101 + (int)i, busy ? "Busy/InACall" : "Available/Available",
                   all[count], busy ? "on" : "off", (double)(row.dnd_us - sent) / 1000, busy ? "dnd" : "available",
                   (double)(row.chat_us - sent) / 1000);
            fflush(stdout);
            count++;
        }
    }
    printf("\n");
    summary("notifications, from the POST to the first callback", all, count);
    end(sync);
    printf("subscriptions at Graph after tps_stop: %d, deleted by the library: %d\n", subscriptions("alive"), subscriptions("deleted"));
}

static void by_polling(long interval_ms)
{
    double all[POLLED];
    char source[100];
    size_t i;
    tps_sync *sync;
    printf("\nThe same by polling every %ld ms. The time runs from the change to the beginning of on_presence.\n\n", interval_ms);
    snprintf(source, sizeof source, "{ \"mode\": \"poll\", \"poll_interval_ms\": %ld }", interval_ms);
    sync = begin(source);
    for (i = 0; i < POLLED; i++) {
        int64_t changed;
        set_presence(names[i], 1);
        changed = now_us();
        all[i] = (double)(wait_for(i, 1, PATIENCE_S + interval_ms / 1000 * 3).presence_us - changed) / 1000;
        printf("%-5d %-20s %7.1f ms\n", 101 + (int)i, "Busy/InACall", all[i]);
        fflush(stdout);
        /* The next change comes at another time of the interval. */
        pause_ms((long)(i + 1) * interval_ms / POLLED);
    }
    printf("\n");
    summary("polling, from the change to the first callback", all, POLLED);
    end(sync);
}

int main(int argc, char **argv)
{
    long interval_ms = 5000;
    if (argc == 4 && strcmp(argv[2], "--poll-interval-ms") == 0)
        interval_ms = atol(argv[3]);
    else if (argc != 2)
        fail("usage", "notify_host PORT_OF_THE_SIMULATOR [--poll-interval-ms N]");
    simulator_port = atoi(argv[1]);
    printf("teams-presence-sync %s, %d users\n", tps_version(), USERS);
    by_notifications();
    by_polling(interval_ms);
    printf("\nGraph itself takes time from a change to its POST (Microsoft: less than 10 s on average, at most a minute): that is not in these figures.\n");
    return 0;
}
