/* A module system: loads a module that is linked with the library, lets a thread of its own call it, unloads it, and the thread ends.
 * This program itself is not linked with the library. */
#include "support.h"
#include <dlfcn.h>
#include <unistd.h>

typedef struct module {
  void *handle;
  int (*touch)(void);
  int (*run)(const char *config, const char *user_id, const char *email);
  int (*changes)(void);
  int (*end)(void);
} module;

typedef struct worker {
  module *module_;
  int called, may_end;
} worker;

/* POSIX gives functions as void *, which ISO C cannot cast: so they are copied. */
static void find(void *handle, const char *name, void *function) {
  void *symbol = dlsym(handle, name);
  if (symbol == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(3);
  }
  memcpy(function, &symbol, sizeof symbol);
}

static module load(void) {
  module loaded;
  loaded.handle = dlopen(getenv("TPS_TEST_MODULE"), RTLD_NOW | RTLD_LOCAL);
  if (loaded.handle == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(3);
  }
  find(loaded.handle, "module_touch", &loaded.touch);
  find(loaded.handle, "module_run", &loaded.run);
  find(loaded.handle, "module_changes", &loaded.changes);
  find(loaded.handle, "module_end", &loaded.end);
  return loaded;
}

static int mapped(const char *what) {
  size_t len;
  char *maps = read_whole("/proc/self/maps", &len);
  int found = strstr(maps, what) != NULL;
  free(maps);
  return found;
}

static void *call_and_wait(void *argument) {
  worker *self = (worker *)argument;
  CHECK(self->module_->touch() == 0);
  __atomic_store_n(&self->called, 1, __ATOMIC_SEQ_CST);
  while (!__atomic_load_n(&self->may_end, __ATOMIC_SEQ_CST)) nap_ms(1);
  return NULL; /* what the library left in this thread is destroyed now, after the dlclose */
}

int main(void) {
  char *config = config_with(FAST);
  int turn, turns = rounds(20), threads = count_threads();
  set_presence("ann", "DoNotDisturb", "Presenting");
  for (turn = 0; turn < turns && check_failures() == 0; turn++) {
    module loaded = load();
    worker workers[3];
    pthread_t ids[3];
    int at;
    memset(workers, 0, sizeof workers);
    for (at = 0; at < 3; at++) {
      workers[at].module_ = &loaded;
      CHECK(pthread_create(&ids[at], NULL, call_and_wait, &workers[at]) == 0);
    }
    for (at = 0; at < 3; at++) WAIT(__atomic_load_n(&workers[at].called, __ATOMIC_SEQ_CST), 10000);
    if (turn % 2 == 0) { /* a whole life in between; its runtime still ends while the module goes */
      CHECK(loaded.run(config, "ann", "ann@contoso.test") == 0);
      if (turn % 4 == 0) WAIT(loaded.changes() > 0, 10000);
      CHECK(loaded.end() == 0);
    }
    CHECK(dlclose(loaded.handle) == 0);
    for (at = 0; at < 3; at++) __atomic_store_n(&workers[at].may_end, 1, __ATOMIC_SEQ_CST);
    for (at = 0; at < 3; at++) pthread_join(ids[at], NULL);
    CHECK(mapped("libteams_presence_sync") || mapped("module.so")); /* it stays */
  }
  WAIT(count_threads() <= threads, 20000);
  fprintf(stderr, "%d turns, library mapped %d, module mapped %d\n", turn, mapped("libteams_presence_sync"), mapped("module.so"));
  free(config);
  return check_end();
}
