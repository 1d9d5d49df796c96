/* tps_check: a line for each step whatever is wrong, on the caller's thread, within the time, beside running instances; nothing stays. */
#include "support.h"
#include "tps_test_hooks.h"

static const char *const STEPS[] = { "configuration", "name_resolution", "proxy", "tls", "clock", "sign_in", "permissions", "users",
                                     "presence", "state_directory", "summary" };
enum { LINES = 11 };

typedef struct told {
  int count;
  pthread_t thread; /* that the call was made on */
  char lines[LINES + 1][4096];
} told;

static void take(void *context, const char *text, size_t len) {
  told *all = (told *)context;
  CHECK(pthread_equal(pthread_self(), all->thread));
  CHECK(strlen(text) == len && text[0] == '{' && text[len - 1] == '}' && strchr(text, '\n') == NULL);
  CHECK(strstr(text, "s[e]c<r>e") == NULL && strstr(text, "eyJ") == NULL && strstr(text, "@contoso.test") == NULL);
  if (all->count <= LINES) snprintf(all->lines[all->count], sizeof all->lines[0], "%s", text);
  all->count++;
}

static tps_status check(const char *config, const tps_user *users, size_t count, int32_t timeout_ms, told *all) {
  tps_status status;
  int step;
  memset(all, 0, sizeof *all);
  all->thread = pthread_self();
  status = tps_check(config, strlen(config), users, count, timeout_ms, take, all);
  SAME(all->count, LINES);
  for (step = 0; step < LINES && step < all->count; step++) {
    char begin[64];
    snprintf(begin, sizeof begin, "{\"step\":\"%s\",\"verdict\":\"", STEPS[step]);
    if (strncmp(all->lines[step], begin, strlen(begin)) != 0)
      check_fail(__FILE__, __LINE__, "line %d is not %s: %s", step, STEPS[step], all->lines[step]);
  }
  return status;
}

/* The verdict of a step. */
static int is(const told *all, const char *step, const char *verdict) {
  int at;
  for (at = 0; at < LINES; at++) {
    char begin[100];
    snprintf(begin, sizeof begin, "{\"step\":\"%s\",\"verdict\":\"%s\",", step, verdict);
    if (strcmp(STEPS[at], step) == 0) {
      int same = strncmp(all->lines[at], begin, strlen(begin)) == 0;
      if (!same) fprintf(stderr, "not %s: %s\n", verdict, all->lines[at]);
      return same;
    }
  }
  return 0;
}

static int says(const told *all, const char *step, const char *words) {
  int at;
  for (at = 0; at < LINES; at++)
    if (strcmp(STEPS[at], step) == 0 && strstr(all->lines[at], words) != NULL) return 1;
  return 0;
}

/* The configuration with every address of the simulator replaced. The caller frees it. */
static char *elsewhere(const char *address, const char *rest) {
  char own[64], *config = config_with(rest), *out = (char *)malloc(strlen(config) + 8 * strlen(address) + 1), *to = out;
  const char *from = config;
  snprintf(own, sizeof own, "http://127.0.0.1:%s", getenv("TPS_TEST_CONTROL"));
  while (*from != '\0') {
    if (strncmp(from, own, strlen(own)) == 0) {
      to += sprintf(to, "%s", address);
      from += strlen(own);
    } else {
      *to++ = *from++;
    }
  }
  *to = '\0';
  free(config);
  return out;
}

static tps_user ann(void) {
  tps_user user = TPS_USER_INIT;
  user.user_id = "101";
  user.email = "ann@contoso.test";
  return user;
}

/* One thing is wrong: this step says so, these words stand in its line. */
static void wrong(char *config, tps_status answer, const char *step, const char *verdict, const char *words) {
  static told all;
  tps_user user = ann();
  EXPECT(check(config, &user, 1, patience(30000), &all), answer);
  CHECK(is(&all, step, verdict));
  if (!says(&all, step, words)) check_fail(__FILE__, __LINE__, "%s does not say \"%s\"", step, words);
  CHECK(is(&all, "summary", verdict));
  control("clear_faults", "{}");
  free(config);
}

static void every_step_once(void) {
  static told all;
  tps_user user = ann(), nobody = ann();
  char *config = config_with("");
  EXPECT(check(config, &user, 1, patience(30000), &all), TPS_OK);
  CHECK(is(&all, "sign_in", "ok") && is(&all, "users", "ok") && is(&all, "presence", "ok") && is(&all, "summary", "ok"));
  nobody.email = "nobody@contoso.test";
  EXPECT(check(config, &nobody, 1, patience(30000), &all), TPS_OK);
  CHECK(is(&all, "users", "failed") && is(&all, "presence", "skipped") && says(&all, "users", "101"));
  EXPECT(check(config, NULL, 0, 0, &all), TPS_E_TIMEOUT);
  CHECK(is(&all, "configuration", "ok") && is(&all, "sign_in", "skipped") && is(&all, "summary", "warning"));
  free(config);

  wrong(config_with(",\"cluod\":\"global\""), TPS_E_CONFIG, "configuration", "failed", "cluod");
  wrong(elsewhere("https://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example", ""), TPS_OK,
        "name_resolution", "failed", "not found");
  wrong(config_with(",\"proxy\":{\"mode\":\"url\",\"url\":\"http://127.0.0.1:9\"}"), TPS_OK, "proxy", "failed", "127.0.0.1:9");
  wrong(elsewhere("http://127.0.0.1:9", ""), TPS_OK, "tls", "failed", "refused");
  control("fault", "{\"endpoint\":\"token\",\"action\":{\"kind\":\"aadsts\",\"code\":7000222}}");
  wrong(config_with(""), TPS_OK, "sign_in", "failed", "\"aadsts\":7000222");
  control("app", "{\"app\":{\"client_id\":\"3f2504e0-4f89-41d3-9a0c-0305e82c3301\",\"roles\":[\"User.Read.All\"]}}");
  wrong(config_with(""), TPS_OK, "permissions", "failed", "Presence.Read.All");
  control("app", "{\"app\":{\"client_id\":\"3f2504e0-4f89-41d3-9a0c-0305e82c3301\",\"roles\":[\"User.Read.All\",\"Presence.Read.All\"]}}");
  control("fault", "{\"endpoint\":\"users\",\"action\":{\"kind\":\"forbidden\"}}");
  wrong(config_with(""), TPS_OK, "users", "failed", "403");
  control("fault", "{\"endpoint\":\"presences\",\"action\":{\"kind\":\"forbidden\"}}");
  wrong(config_with(""), TPS_OK, "presence", "failed", "403");
  wrong(config_with(",\"state\":{\"dir\":\"/proc/nothing\"}"), TPS_OK, "state_directory", "failed", "/proc/nothing");
  control("advance_clock", "{\"ms\":3600000}");
  wrong(config_with(""), TPS_OK, "clock", "warning", "behind");
  control("advance_clock", "{\"ms\":-3600000}");
}

static void within_the_time(void) {
  static told all;
  tps_user user = ann();
  char *config = elsewhere("https://127.0.7.1.check", "");
  int64_t began = now_ms();
  EXPECT(tps_test_hang_name("127.0.7.1.check", 1), TPS_OK);
  EXPECT(check(config, &user, 1, 2000, &all), TPS_E_TIMEOUT);
  CHECK(now_ms() - began >= 1995 && now_ms() - began < patience(12000));
  CHECK(is(&all, "name_resolution", "failed") && says(&all, "name_resolution", "within 2000 ms"));
  CHECK(is(&all, "sign_in", "skipped") && says(&all, "summary", "\"complete\":false"));
  /* The same name again costs no second thread. */
  EXPECT(check(config, &user, 1, 50, &all), TPS_E_TIMEOUT);
  CHECK(count_threads_named("tps-dns") <= 1);
  EXPECT(tps_test_hang_name("127.0.7.1.check", 0), TPS_OK);
  free(config);

  control("fault", "{\"endpoint\":\"token\",\"action\":{\"kind\":\"hang\"}}");
  config = config_with("");
  began = now_ms();
  EXPECT(check(config, &user, 1, patience(5000), &all), TPS_E_TIMEOUT);
  CHECK(now_ms() - began < patience(15000));
  CHECK(is(&all, "clock", "ok") && is(&all, "sign_in", "failed") && is(&all, "presence", "skipped"));
  control("clear_faults", "{}");
  free(config);
}

static void arguments(void) {
  static told all;
  tps_user users[2] = { TPS_USER_INIT, TPS_USER_INIT };
  char *config = config_with("");
  size_t len = strlen(config);
  memset(&all, 0, sizeof all);
  users[0].user_id = users[1].user_id = "1";
  EXPECT(tps_check(NULL, 0, NULL, 0, 100, take, &all), TPS_E_INVALID_ARG);
  EXPECT(tps_check(config, len, NULL, 0, 100, NULL, &all), TPS_E_INVALID_ARG);
  EXPECT(tps_check(config, len, NULL, 1, 100, take, &all), TPS_E_INVALID_ARG);
  EXPECT(tps_check(config, len, NULL, 0, -1, take, &all), TPS_E_INVALID_ARG);
  EXPECT(tps_check("\xff", 1, NULL, 0, 100, take, &all), TPS_E_INVALID_ARG);
  users[1].struct_size = 8;
  EXPECT(tps_check(config, len, users, 2, 100, take, &all), TPS_E_ABI);
  users[1].struct_size = sizeof users[1];
  users[1].user_id = NULL;
  EXPECT(tps_check(config, len, users, 2, 100, take, &all), TPS_E_INVALID_ARG);
  users[1].user_id = "\xff";
  EXPECT(tps_check(config, len, users, 2, 100, take, &all), TPS_E_INVALID_ARG);
  SAME(all.count, 0);
  free(config);
}

static int asked_inside = 0;

static void ask_inside(sink *sink, const sink_entry *entry) {
  static told all;
  (void)entry;
  all.count = 0;
  EXPECT(tps_check((const char *)sink->context, strlen((const char *)sink->context), NULL, 0, 100, take, &all), TPS_E_REENTRANT);
  SAME(all.count, 0);
  __atomic_store_n(&asked_inside, 1, __ATOMIC_SEQ_CST);
}

/* Called by the sink: an ordinary call, and the answer of the outer check stays whole. */
static void ask_version(void *context, const char *text, size_t len) {
  int *lines = (int *)context;
  (void)text;
  (void)len;
  CHECK(tps_version() != NULL);
  ++*lines;
}

static void beside_an_instance(void) {
  char *config = config_with(FAST);
  static told all;
  tps_user user = ann();
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync;
  int lines = 0;
  host->also = ask_inside;
  host->context = config;
  sync = create(config_with(FAST), &callbacks);
  set_office(sync, 3);
  EXPECT(tps_start(sync, NULL, 0), TPS_OK);
  WAIT(__atomic_load_n(&asked_inside, __ATOMIC_SEQ_CST), 10000);
  EXPECT(check(config, &user, 1, patience(30000), &all), TPS_OK);
  CHECK(is(&all, "summary", "ok"));
  EXPECT(tps_check(config, strlen(config), &user, 1, patience(30000), ask_version, &lines), TPS_OK);
  SAME(lines, LINES);
  /* The instance goes on. */
  set_presence("ann", "DoNotDisturb", "Presenting");
  WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON, 10000);
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  sink_free(host);
  free(config);
}

int main(void) {
  static told all;
  int threads = count_threads(), descriptors;
  char *config = config_with("");
  /* Once before counting: with the test's own features the runtime opens a pair of sockets for the life of the process. */
  EXPECT(check(config, NULL, 0, patience(30000), &all), TPS_OK);
  free(config);
  WAIT(count_threads() == threads, 20000);
  descriptors = count_descriptors();
  every_step_once();
  within_the_time();
  arguments();
  beside_an_instance();
  WAIT(count_threads() == threads, 20000);
  WAIT(count_descriptors() == descriptors, 20000);
  if (count_descriptors() != descriptors) show_descriptors();
  return check_end();
}
