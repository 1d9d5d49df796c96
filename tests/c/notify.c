/* Change notifications: a host with a web server of its own hands over what it got; then the built-in listener. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include "phone.h"

/* The simulator's service account, as it stands in JSON. */
#define PASSWORD "p[a]s<s>w?o#r&d%+ \\\"quo'te~\303\274\342\202\254.Q"

static struct phone phone;

/* ---- the host's web server: one request for each connection, one after the other ---- */

static int listening = -1, served, handshakes, taken, refused_by_state;

/* Reads a whole request; the caller frees it. `body` and `query` point into it. */
static char *read_request(int client, char **query, size_t *query_len, char **body, size_t *body_len) {
  size_t room = 1 << 20, len = 0, wanted = 0;
  char *text = (char *)malloc(room), *end = NULL, *at, *space;
  *query = NULL, *query_len = 0, *body = NULL, *body_len = 0;
  for (;;) {
    ssize_t got = read(client, text + len, room - 1 - len);
    if (got <= 0) return text;
    len += (size_t)got;
    text[len] = '\0';
    if (end == NULL && (end = strstr(text, "\r\n\r\n")) != NULL) {
      for (at = text; at < end; at++)
        if (strncasecmp(at, "\r\ncontent-length:", 17) == 0) wanted = (size_t)atol(at + 17);
      end += 4;
    }
    if (end != NULL && len >= (size_t)(end - text) + wanted) break;
  }
  *body = end, *body_len = wanted;
  at = strchr(text, '?');
  space = strchr(text, ' ');
  space = space == NULL ? NULL : strchr(space + 1, ' ');
  if (at != NULL && space != NULL && at < space) *query = at + 1, *query_len = (size_t)(space - at - 1);
  return text;
}

static void serve_one(int client) {
  char *query, *body, reply[4100], head[200];
  size_t query_len, body_len, len = 0;
  int32_t status = 503;
  char *text = read_request(client, &query, &query_len, &body, &body_len);
  tps_status told;
  ADD(served);
  /* Without room first, as a host does that asks for the size. */
  told = tps_deliver_notification(phone.sync, query, query_len, body, body_len, &status, NULL, &len);
  if (told == TPS_E_TOO_SMALL) {
    SAME(status, 200);
    CHECK(len > 1 && len <= sizeof reply);
    len = sizeof reply;
    EXPECT(tps_deliver_notification(phone.sync, query, query_len, body, body_len, &status, reply, &len), TPS_OK);
    SAME(reply[len - 1], 0);
    ADD(handshakes);
  } else if (told == TPS_E_STATE) {
    SAME(status, 503);
    ADD(refused_by_state);
  } else {
    SAME(told, TPS_OK);
    SAME(len, 1);
    if (status == 202) ADD(taken);
  }
  snprintf(head, sizeof head, "HTTP/1.1 %d X\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n", (int)status,
           status == 200 ? (int)len - 1 : 0);
  CHECK(write(client, head, strlen(head)) > 0);
  if (status == 200) CHECK(write(client, reply, len - 1) > 0);
  free(text);
  close(client);
}

static void *serve(void *argument) {
  int client;
  while ((client = accept(listening, NULL, NULL)) >= 0) serve_one(client);
  return argument;
}

/* A port of this machine that nobody else has; `keep`: listening. */
static int take_port(int keep) {
  struct sockaddr_in address;
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
  if (keep) {
    CHECK(listen(fd, 16) == 0);
    listening = fd;
  } else {
    close(fd);
  }
  return ntohs(address.sin_port);
}

/* ---- the library ---- */

/* Polled once an hour: whatever is learnt of a change came as a notification. */
static char *notified(int port, int listener, const char *content) {
  char *base = config_with(""), *config = (char *)malloc(2000), *at = strstr(base, "http://127.0.0.1:"), own[100] = "";
  int graph = at == NULL ? 0 : atoi(at + strlen("http://127.0.0.1:"));
  CHECK(config != NULL && graph != 0);
  if (listener) snprintf(own, sizeof own, ",\"listener\":{\"address\":\"127.0.0.1:%d\"}", port);
  snprintf(config, 2000,
           "{\"mode\":\"presence_sync\",\"tenant_id\":\"contoso.test\",\"client_id\":\"16fd2706-8baf-433b-82eb-8c7fada847da\","
           "\"auth\":{\"method\":\"password\",\"username\":\"presence-service@contoso.test\",\"password\":\"%s\"},"
           "\"endpoints\":{\"login\":\"http://127.0.0.1:%d\",\"graph\":\"http://127.0.0.1:%d\"},"
           "\"stale\":{\"after_ms\":10800000},\"dnd\":{\"hold_off_ms\":0},"
           "\"source\":{\"mode\":\"notifications\",\"poll_interval_ms\":3600000,\"watchdog_interval_ms\":3600000,"
           "\"notifications\":{\"url\":\"http://127.0.0.1:%d/graph/notify\",\"content\":\"%s\"%s}}}",
           PASSWORD, graph, graph, port, content, own);
  free(base);
  return config;
}

/* How often on_presence told of him with this source. */
static int sources(const char *user_id, int32_t source) {
  sink_entry entry;
  int nth, found = 0, all = phone_nth(&phone, SINK_PRESENCE, user_id, ANY, 0, NULL);
  for (nth = 0; nth < all; nth++) {
    phone_nth(&phone, SINK_PRESENCE, user_id, ANY, nth, &entry);
    found += entry.reason == source;
  }
  return found;
}

static int subscribed(void) {
  char *views = control_view("subscriptions");
  int alive = strstr(views, "\"alive\"") != NULL;
  free(views);
  return alive;
}

static void a_call_is_told(void) {
  int before = DND_ON(&phone, "101");
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == before + 1, 20000);
  reachable("ann");
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_OFF, 20000);
  if (check_failures() > 0) {
    static char text[65536];
    size_t len = sizeof text;
    if (tps_stats(phone.sync, text, &len) == TPS_OK) fprintf(stderr, "%s\n", text);
  }
}

static void run(int port, int listener, const char *content) {
  phone_create(&phone, notified(port, listener, content));
  phone_start(&phone);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  WAIT(phone_state(&phone, "101").availability == TPS_AVAILABILITY_AVAILABLE, 30000);
  WAIT(subscribed(), 40000);
  a_call_is_told();
  a_call_is_told();
}

static void end(void) {
  phone_stop(&phone);
  CHECK(!subscribed());
  phone_destroy(&phone);
}

static void what_strangers_hear(void) {
  static const char body[] = "{\"value\":[{\"subscriptionId\":\"11111111-2222-3333-4444-555555555555\",\"clientState\":\"x\"}]}";
  char reply[8] = "xxxxxxx";
  size_t len = sizeof reply;
  int32_t status = 0;
  EXPECT(tps_deliver_notification(phone.sync, NULL, 0, body, strlen(body), &status, reply, &len), TPS_OK);
  SAME(status, 400);
  SAME(len, 1);
  SAME(reply[0], 0);
  len = sizeof reply;
  EXPECT(tps_deliver_notification(phone.sync, "\xff", 1, "{}", 2, &status, reply, &len), TPS_OK);
  SAME(status, 400);
  EXPECT(tps_deliver_notification(phone.sync, NULL, 0, body, (size_t)5 << 20, &status, reply, &len), TPS_OK);
  SAME(status, 413);
  /* What Microsoft encoded comes back as bytes; too little room, then enough. */
  len = 3;
  EXPECT(tps_deliver_notification(phone.sync, "validationToken=a%3a+b", 22, NULL, 0, &status, reply, &len), TPS_E_TOO_SMALL);
  SAME(len, 5);
  EXPECT(tps_deliver_notification(phone.sync, "validationToken=a%3a+b", 22, NULL, 0, &status, reply, &len), TPS_OK);
  CHECK(status == 200 && len == 5 && strcmp(reply, "a: b") == 0);
  /* Slips of the host. */
  status = 7;
  EXPECT(tps_deliver_notification(phone.sync, NULL, 3, body, 1, &status, reply, &len), TPS_E_INVALID_ARG);
  EXPECT(tps_deliver_notification(phone.sync, NULL, 0, NULL, 1, &status, reply, &len), TPS_E_INVALID_ARG);
  EXPECT(tps_deliver_notification(phone.sync, NULL, 0, body, 1, NULL, reply, &len), TPS_E_INVALID_ARG);
  EXPECT(tps_deliver_notification(phone.sync, NULL, 0, body, 1, &status, reply, NULL), TPS_E_INVALID_ARG);
  EXPECT(tps_deliver_notification(phone.sync, NULL, 0, body, 1, &status, NULL, &len), TPS_E_INVALID_ARG);
  EXPECT(tps_deliver_notification(NULL, NULL, 0, body, 1, &status, reply, &len), TPS_E_HANDLE);
  SAME(status, 7);
}

int main(void) {
  pthread_t server;
  int port = take_port(1);
  control("oddities", "{\"set\":{\"presence_limit\":0}}");
  reachable("ann");
  /* The host's own web server. */
  pthread_create(&server, NULL, serve, NULL);
  run(port, 0, "rich");
  WAIT(NOW(handshakes) >= 1 && NOW(taken) >= 2 && NOW(served) >= 3, 10000); /* two changes may come in one */
  CHECK(sources("101", TPS_SOURCE_NOTIFICATION) > 0);
  what_strangers_hear();
  SAME(NOW(refused_by_state), 0); /* what comes while it stops may be */
  end();
  shutdown(listening, SHUT_RDWR);
  close(listening);
  pthread_join(server, NULL);
  /* The listener of the library. */
  run(take_port(0), 1, "basic");
  end();
  return check_end();
}
