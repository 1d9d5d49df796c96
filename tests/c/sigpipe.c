/* Peers that close and reset in the middle of everything, in a host that leaves SIGPIPE at its default: it would end the process.
 *
 * A forwarder stands between the library and the simulator and turns nasty. Whether a write meets a connection that is known to be dead is
 * up to the HTTP stack and to chance; how often it did is told at the end. That the threads block the signal is what footprint.c checks. */
#include "support.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FORWARD, RESET_AT_ONCE, RESET_AFTER_A_BYTE, CLOSE_UNREAD, RESET_IN_THE_ANSWER, CLOSE_IN_THE_ANSWER, RESET_AFTER_THE_ANSWER, MOODS };

static int mood = FORWARD, listener = -1, target_port, connections, nasty, over;
static int mood_now(void) { return __atomic_load_n(&mood, __ATOMIC_SEQ_CST); }

static void end_connection(int fd, int reset) {
  struct linger linger;
  linger.l_onoff = reset;
  linger.l_linger = 0;
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close(fd);
}

static int connect_to(int port) {
  struct sockaddr_in at;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  memset(&at, 0, sizeof at);
  at.sin_family = AF_INET;
  at.sin_port = htons((uint16_t)port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

/* Copies both ways; ends when the mood says so, seen from the bytes that came back. Tells whether the end is a reset. */
static int copy_both(int client, int server, int mood_) {
  char bytes[2048];
  struct pollfd fds[2];
  ssize_t got;
  long answered = 0;
  fds[0].fd = client;
  fds[1].fd = server;
  fds[0].events = fds[1].events = POLLIN;
  while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
    if (poll(fds, 2, 50) < 0) return 0;
    if (mood_ == FORWARD && mood_now() != FORWARD) return 1; /* the good times are over */
    if (fds[0].revents != 0) {
      got = recv(client, bytes, sizeof bytes, 0);
      if (got <= 0 || send(server, bytes, (size_t)got, MSG_NOSIGNAL) < 0) return 0;
    }
    if (fds[1].revents != 0) {
      got = recv(server, bytes, mood_ == RESET_IN_THE_ANSWER || mood_ == CLOSE_IN_THE_ANSWER ? 40 : sizeof bytes, 0);
      if (got <= 0 || send(client, bytes, (size_t)got, MSG_NOSIGNAL) < 0) return 0;
      answered += got;
      if ((mood_ == RESET_IN_THE_ANSWER || mood_ == CLOSE_IN_THE_ANSWER) && answered > 60) return mood_ == RESET_IN_THE_ANSWER;
      if (mood_ == RESET_AFTER_THE_ANSWER && answered > 3000) return 1;
    }
  }
  return 1;
}

static void *serve(void *argument) {
  int client = (int)(size_t)argument, server = -1, mood_ = mood_now(), reset = 1;
  char byte[16];
  __atomic_add_fetch(&connections, 1, __ATOMIC_SEQ_CST);
  if (mood_ != FORWARD) __atomic_add_fetch(&nasty, 1, __ATOMIC_SEQ_CST);
  switch (mood_) {
    case RESET_AT_ONCE: break;
    case RESET_AFTER_A_BYTE:
      if (recv(client, byte, 1, 0) < 0) reset = 0;
      break;
    case CLOSE_UNREAD: /* half a close: what the library sends afterwards is answered by a reset */
      if (recv(client, byte, sizeof byte, 0) < 0) reset = 0;
      shutdown(client, SHUT_WR);
      nap_ms(20);
      reset = 0;
      break;
    default:
      server = connect_to(target_port);
      if (server >= 0) reset = copy_both(client, server, mood_);
  }
  end_connection(client, reset);
  if (server >= 0) close(server);
  __atomic_sub_fetch(&connections, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

static void *accept_all(void *argument) {
  (void)argument;
  while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
    struct pollfd fd;
    pthread_t thread;
    int client;
    fd.fd = listener;
    fd.events = POLLIN;
    if (poll(&fd, 1, 50) <= 0) continue;
    client = accept(listener, NULL, NULL);
    if (client < 0) continue;
    if (pthread_create(&thread, NULL, serve, (void *)(size_t)client) != 0) {
      close(client);
      continue;
    }
    pthread_detach(thread);
  }
  return NULL;
}

static int listen_anywhere(void) {
  struct sockaddr_in at;
  socklen_t len = sizeof at;
  int small = 2304;
  memset(&at, 0, sizeof at);
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* a request does not fit: it is written in pieces */
  if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr *)&at, &len) != 0) {
    perror("listen");
    exit(3);
  }
  return ntohs(at.sin_port);
}

static void look_for_sigpipe(void *context, int id, const char *name, const char *status) {
  const char *pending = strstr(status, "SigPnd:\t");
  (void)id;
  if (strncmp(name, "tps-", 4) == 0 && pending != NULL && (strtoull(pending + 8, NULL, 16) >> (SIGPIPE - 1) & 1)) (*(int *)context)++;
}

/* The runner's configuration with both endpoints at the forwarder. */
static char *config_through(const char *scheme, int port, const char *rest) {
  char *config = config_with(rest);
  char *out = (char *)calloc(1, strlen(config) + 200), *at = config;
  static const char start[] = "http://127.0.0.1:";
  for (;;) {
    char *found = strstr(at, start);
    if (found == NULL) break;
    strncat(out, at, (size_t)(found - at));
    sprintf(out + strlen(out), "%s://127.0.0.1:%d", scheme, port);
    at = found + strlen(start);
    at += strspn(at, "0123456789");
  }
  strcat(out, at);
  free(config);
  return out;
}

static void through(const char *scheme, int port, const char *rest) {
  char err[300];
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = create(config_through(scheme, port, rest), &callbacks);
  int turn, raised = 0, which;
  int64_t began;
  set_office(sync, 8);
  for (turn = 0; turn < rounds(36) && check_failures() == 0; turn++) {
    int before = __atomic_load_n(&nasty, __ATOMIC_SEQ_CST);
    which = 1 + turn % (MOODS - 1);
    /* every third time it has signed in and polls when the mood turns */
    __atomic_store_n(&mood, turn % 3 == 0 ? FORWARD : which, __ATOMIC_SEQ_CST);
    EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
    if (turn % 3 == 0) {
      WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON, 10000);
      __atomic_store_n(&mood, which, __ATOMIC_SEQ_CST);
    }
    WAIT(__atomic_load_n(&nasty, __ATOMIC_SEQ_CST) > before, 15000);
    nap_ms(40 + turn % 4 * 60);
    each_thread(look_for_sigpipe, &raised);
    EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
    host->kept = 0;
  }
  fprintf(stderr, "%s: %d turns, %d nasty connections, SIGPIPE pending %d times;", scheme, turn, nasty, raised);

  /* And from the worst it comes back by itself, without a restart. */
  __atomic_store_n(&mood, FORWARD, __ATOMIC_SEQ_CST);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON, 10000);
  for (which = 1; which < MOODS; which++) {
    __atomic_store_n(&mood, which, __ATOMIC_SEQ_CST);
    nap_ms(400);
  }
  set_presence("ann", "Available", "Available");
  __atomic_store_n(&mood, FORWARD, __ATOMIC_SEQ_CST);
  began = now_ms();
  WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_OFF, 60000);
  fprintf(stderr, " back after %d ms\n", (int)(now_ms() - began));
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  SINK_IN_ORDER(host);
  sink_free(host);
  set_presence("ann", "DoNotDisturb", "Presenting");
}

static int port_in(const char *json, const char *key) {
  const char *at = strstr(json, key);
  at = at == NULL ? NULL : strstr(at, "127.0.0.1:");
  return at == NULL ? 0 : atoi(at + 10);
}

int main(void) {
  char *info = control_view("info"), *pem = control_view("ca.pem");
  char path[] = "/tmp/tps-ca-XXXXXX", rest[300];
  int port = listen_anywhere(), file = mkstemp(path);
  struct sigaction action;
  pthread_t acceptor;
  sigaction(SIGPIPE, NULL, &action);
  CHECK(action.sa_handler == SIG_DFL);
  CHECK(file >= 0 && write(file, pem, strlen(pem)) == (ssize_t)strlen(pem));
  set_presence("ann", "DoNotDisturb", "Presenting");
  pthread_create(&acceptor, NULL, accept_all, NULL);

  target_port = port_in(info, "\"http\":");
  through("http", port, FAST);
  target_port = port_in(info, "\"https\":");
  sprintf(rest, FAST ",\"tls\":{\"ca_file\":\"%s\"}", path);
  through("https", port, rest);

  __atomic_store_n(&over, 1, __ATOMIC_SEQ_CST);
  pthread_join(acceptor, NULL);
  WAIT(__atomic_load_n(&connections, __ATOMIC_SEQ_CST) == 0, 5000);
  sigaction(SIGPIPE, NULL, &action);
  CHECK(action.sa_handler == SIG_DFL);
  close(listener);
  close(file);
  unlink(path);
  free(info);
  free(pem);
  return check_end();
}
