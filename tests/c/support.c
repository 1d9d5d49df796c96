/* Checks, time, configurations, the simulator's control. Nothing here calls the library: programs that load it at run time use it too. */
#include "support.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int failures = 0;

void check_fail(const char *file, int line, const char *format, ...) {
  va_list arguments;
  char text[600];
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (__atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST) <= 100) fprintf(stderr, "%s:%d: %s\n", file, line, text);
}

int check_failures(void) { return __atomic_load_n(&failures, __ATOMIC_SEQ_CST); }

int check_end(void) {
  if (check_failures() > 0) fprintf(stderr, "%d checks failed\n", check_failures());
  return check_failures() > 0;
}

static void end_here(const char *what, const char *detail) {
  fprintf(stderr, "%s: %s (%s)\n", what, detail, strerror(errno));
  exit(3);
}

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nap_ms(int ms) {
  struct timespec nap;
  nap.tv_sec = ms / 1000;
  nap.tv_nsec = (long)(ms % 1000) * 1000000;
  while (nanosleep(&nap, &nap) != 0 && errno == EINTR) continue;
}

static int number_from(const char *variable, int otherwise) {
  const char *text = getenv(variable);
  int number = text == NULL ? 0 : atoi(text);
  return number > 0 ? number : otherwise;
}

int patience(int ms) { return ms * number_from("TPS_TEST_PATIENCE", 1); }

int rounds(int full) {
  int share = full * number_from("TPS_TEST_SHARE", 100) / 100;
  return share > 3 ? share : 3;
}

static const char *needed(const char *variable) {
  const char *text = getenv(variable);
  if (text == NULL) end_here(variable, "not set; the runner sets it");
  return text;
}

char *config_with(const char *rest) {
  size_t len;
  char *base = read_whole(needed("TPS_TEST_CONFIG"), &len);
  char *whole = (char *)malloc(len + strlen(rest) + 2);
  char *end = strrchr(base, '}');
  if (whole == NULL || end == NULL) end_here("TPS_TEST_CONFIG", "no object");
  *end = '\0';
  sprintf(whole, "%s%s}", base, rest);
  free(base);
  return whole;
}

/* A whole exchange; HTTP/1.0 ends the answer by closing. Answers the body. */
static char *exchange(const char *method, const char *what, const char *body) {
  struct sockaddr_in at;
  char head[300];
  char *answer = (char *)malloc(1 << 20), *text;
  size_t len = 0;
  ssize_t got = 0;
  int port = atoi(needed("TPS_TEST_CONTROL")), socket_ = socket(AF_INET, SOCK_STREAM, 0);
  memset(&at, 0, sizeof at);
  at.sin_family = AF_INET;
  at.sin_port = htons((uint16_t)port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (answer == NULL || socket_ < 0 || connect(socket_, (struct sockaddr *)&at, sizeof at) != 0) end_here(what, "no simulator");
  snprintf(head, sizeof head,
           "%s /_control/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nContent-Length: %lu\r\n"
           "Connection: close\r\n\r\n",
           method, what, port, (unsigned long)strlen(body));
  if (send(socket_, head, strlen(head), MSG_NOSIGNAL) < 0 || send(socket_, body, strlen(body), MSG_NOSIGNAL) < 0)
    end_here(what, "not sent");
  while (len < (1 << 20) - 1 && (got = recv(socket_, answer + len, (1 << 20) - 1 - len, 0)) > 0) len += (size_t)got;
  close(socket_);
  answer[len] = '\0';
  text = strstr(answer, "\r\n\r\n");
  if (strncmp(answer, "HTTP/1.", 7) != 0 || strncmp(answer + 8, " 200", 4) != 0 || text == NULL) end_here(what, answer);
  memmove(answer, text + 4, strlen(text + 4) + 1);
  return answer;
}

void control(const char *action, const char *json) { free(exchange("POST", action, json)); }

char *control_view(const char *view) { return exchange("GET", view, ""); }

void set_presence(const char *user, const char *availability, const char *activity) {
  char json[300];
  snprintf(json, sizeof json, "{\"user\":\"%s@contoso.test\",\"availability\":\"%s\",\"activity\":\"%s\"}", user, availability, activity);
  control("presence", json);
}
