/* Wrong configurations, as a host might really hand them over: each is refused with the path and what is allowed, by a create and by a
 * reload alike, and the reload changes nothing. Every kind of error word by word: src/config/tests/errors.rs. */
#include "support.h"

#define NEEDED \
  "\"mode\":\"presence_sync\",\"tenant_id\":\"contoso.test\",\"client_id\":\"3f2504e0-4f89-41d3-9a0c-0305e82c3301\"," \
  "\"auth\":{\"method\":\"client_secret\",\"secret\":\"s3cr~t\"}"
#define BEYOND ((size_t)10 << 20)

static tps_sync *standing = NULL;
static char err[2000];

static void refused(const char *document, size_t len, tps_status status, const char *words) {
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_sync *sync = NULL;
  EXPECT_ERR(tps_create(document, len, &callbacks, &sync, err, sizeof err), status, words);
  CHECK(sync == NULL);
  CHECK(strstr(err, "s3cr~t") == NULL);
  EXPECT_ERR(tps_reload(standing, document, len, err, sizeof err), status, words);
}

/* What is wrong stands behind the keys that are needed. */
static void wrong(const char *extra, const char *words) {
  char document[1000];
  snprintf(document, sizeof document, "{" NEEDED ",%s}", extra);
  refused(document, strlen(document), TPS_E_CONFIG, words);
}

static void keys(void) {
  wrong("\"sorce\":{}", "sorce: unknown key; did you mean source?");
  wrong("\"dnd\":{\"holdon\":1}", "dnd.holdon: unknown key; allowed are ownership, on_stop, hold_on_ms, hold_off_ms, echo_ms");
  wrong("\"rules\":{\"list\":[{\"dnd\":\"on\",\"when\":{\"hour\":9}}]}",
        "rules.list[0].when.hour: unknown key; allowed are availability, activity, out_of_office");
  wrong("\"rules\":{\"sets\":{\"a\":[{\"dnt\":\"on\"}]}}", "rules.sets.a[0].dnt: unknown key; did you mean dnd?");
  wrong("\"enabled\":true,\"enabled\":true", "enabled: stands here twice");
  wrong("\"rules\":{\"list\":[{\"dnd\":\"on\",\"dnd\":\"off\"}]}", "rules.list[0].dnd: stands here twice");
  wrong("\"auth\":{\"method\":\"client_secret\",\"secret\":\"s3cr~t\"}", "auth: stands here twice");
}

static void values(void) {
  wrong("\"enabled\":1", "enabled: 1 is not true or false");
  wrong("\"state\":null", "state: null is not an object");
  wrong("\"rules\":{\"dnd_on\":\"Busy\"}", "rules.dnd_on: a string is not a list");
  wrong("\"rules\":{\"list\":[{\"dnd\":\"on\"},{\"dnd\":\"onn\"}]}", "rules.list[1].dnd: \"onn\" is not one of on, off, keep");
  wrong("\"cloud\":\"mars\"", "cloud: \"mars\" is not one of global, us_gov, us_gov_dod");
  wrong("\"seats\":{\"limit\":-1}", "seats.limit: -1 is not a whole number of users (0 to 10000000)");
  wrong("\"seats\":{\"limit\":18446744073709551616}", "is not a whole number of users (0 to 10000000)");
  wrong("\"seats\":{\"limit\":1e30}", "is not a whole number of users (0 to 10000000)");
  wrong("\"source\":{\"poll_interval_ms\":5.5}", "source.poll_interval_ms: 5.5 is not a whole number of milliseconds (250 to 3600000)");
  wrong("\"source\":{\"poll_interval_ms\":true}", "source.poll_interval_ms: true is not a whole number of milliseconds");
  wrong("\"name\":\"a\\u0000b\"", "name: \"a\\u{0}b\" is not a name of 1 to 64 letters");
  wrong("\"dispatch\":{\"mode\":\"threads\",\"ack_timeout_ms\":9}",
        "dispatch.mode: \"threads\" is not one of thread, poll, shared\ndispatch.ack_timeout_ms: 9 is not a whole number");
}

static void texts(void) {
  static const char nul_inside[] = "{" NEEDED ",\n\"name\"\0:\"a\"}";
  static const char utf_16[] = "{\0\"\0m\0o\0d\0e\0\"\0:\0";
  wrong("\"source\":{\"poll_interval_ms\":NaN}", "the configuration is not JSON: line 1, column ");
  wrong("\"source\":{\"poll_interval_ms\":1e999}", "number out of range");
  wrong("\"enabled\":tru", "expected true, false or null");
  wrong("\"enabled\":true,", "trailing comma");
  wrong("\"dnd\":{\"echo_ms\":\"\\ud800\"}", "the configuration is not JSON: line 1, column ");
  refused("", 0, TPS_E_CONFIG, "the configuration is empty");
  refused(" \n", 2, TPS_E_CONFIG, "the configuration is empty");
  refused("{" NEEDED, strlen("{" NEEDED), TPS_E_CONFIG, "the text ends inside an object");
  refused("{" NEEDED "} x", strlen("{" NEEDED "} x"), TPS_E_CONFIG, "trailing characters");
  refused("{" NEEDED "}", sizeof "{" NEEDED "}", TPS_E_CONFIG, "its length counts the text without the NUL at its end");
  refused(nul_inside, sizeof nul_inside - 1, TPS_E_CONFIG, "the configuration has a NUL byte at line 2, column 7");
  refused(utf_16, sizeof utf_16 - 1, TPS_E_CONFIG, "not UTF-16");
  refused("[]", 2, TPS_E_CONFIG, "the configuration is a list, not an object");
  refused("{\"\xff\":1}", 7, TPS_E_INVALID_ARG, "config_json: not UTF-8 at byte 2");
}

static void sizes(void) {
  char *large = (char *)malloc(BEYOND);
  if (large == NULL) exit(3);
  memset(large, ' ', BEYOND);
  refused(large, BEYOND, TPS_E_CONFIG, "the configuration has 10485760 bytes; at most 1048576 are allowed");
  memset(large, '[', BEYOND);
  refused(large, (size_t)1 << 20, TPS_E_CONFIG, "nested deeper than");
  memset(large, ' ', BEYOND);
  refused(large, ((size_t)1 << 20) + 1, TPS_E_CONFIG, "the configuration has 1048577 bytes; at most 1048576 are allowed");
  refused(large, (size_t)1 << 20, TPS_E_CONFIG, "the configuration is empty");
  /* A length that cannot be meant is not read by, and the limit is the same. */
  refused(large, (size_t)-1, TPS_E_INVALID_ARG, "config_len: 18446744073709551615 bytes; at most 1048576 are allowed");
  free(large);
}

int main(void) {
  static const char byte_order_mark[] = "\xef\xbb\xbf{" NEEDED "}";
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_sync *sync = NULL;
  EXPECT(tps_create("{" NEEDED "}", strlen("{" NEEDED "}"), &callbacks, &standing, err, sizeof err), TPS_OK);
  keys();
  values();
  texts();
  sizes();
  EXPECT(tps_reload(standing, "{" NEEDED "}", strlen("{" NEEDED "}"), err, sizeof err), TPS_OK);
  EXPECT(tps_destroy(standing), TPS_OK);
  /* An editor's mark at the beginning is no fault. */
  EXPECT(tps_create(byte_order_mark, strlen(byte_order_mark), &callbacks, &sync, err, sizeof err), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  return check_end();
}
