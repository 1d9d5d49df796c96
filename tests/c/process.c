/* What /proc/self says. */
#include "support.h"
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static int entries_of(const char *directory) {
  DIR *open_ = opendir(directory);
  struct dirent *entry;
  int count = 0;
  if (open_ == NULL) return -1;
  while ((entry = readdir(open_)) != NULL) count += entry->d_name[0] != '.';
  closedir(open_);
  return count;
}

int count_threads(void) { return entries_of("/proc/self/task"); }

/* Less the one that looks. */
int count_descriptors(void) { return entries_of("/proc/self/fd") - 1; }

void show_descriptors(void) {
  int number;
  for (number = 0; number < 256; number++) {
    char path[64], target[256];
    ssize_t len;
    sprintf(path, "/proc/self/fd/%d", number);
    len = readlink(path, target, sizeof target - 1);
    if (len < 0) continue;
    target[len] = '\0';
    fprintf(stderr, "  descriptor %d: %s\n", number, target);
  }
}

/* A file of /proc has no size: read until the end. NULL if it is gone. */
static char *slurp(const char *path, size_t *len) {
  size_t room = 1 << 16;
  char *text = (char *)malloc(room + 1);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = 0;
  *len = 0;
  if (text == NULL || file < 0) {
    free(text);
    if (file >= 0) close(file);
    return NULL;
  }
  while ((got = read(file, text + *len, room - *len)) > 0) {
    *len += (size_t)got;
    if (*len == room) {
      char *grown = (char *)realloc(text, room * 2 + 1);
      if (grown == NULL) break;
      text = grown;
      room *= 2;
    }
  }
  close(file);
  text[*len] = '\0';
  return text;
}

char *read_whole(const char *path, size_t *len) {
  char *text = slurp(path, len);
  if (text == NULL) {
    perror(path);
    exit(3);
  }
  return text;
}

long resident_kib(void) {
  size_t len;
  char *status = read_whole("/proc/self/status", &len);
  char *line = strstr(status, "\nVmRSS:");
  long kib = line == NULL ? -1 : atol(line + 7);
  free(status);
  return kib;
}

void each_thread(void (*look)(void *context, int id, const char *name, const char *status), void *context) {
  DIR *tasks = opendir("/proc/self/task");
  struct dirent *entry;
  if (tasks == NULL) return;
  while ((entry = readdir(tasks)) != NULL) {
    char path[300], name[64];
    char *status, *at;
    size_t len;
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    status = slurp(path, &len);
    if (status == NULL) continue; /* it has just ended */
    at = strstr(status, "Name:\t");
    name[0] = '\0';
    if (at != NULL) {
      size_t width = strcspn(at + 6, "\n");
      if (width >= sizeof name) width = sizeof name - 1;
      memcpy(name, at + 6, width);
      name[width] = '\0';
    }
    if (len > 0) look(context, atoi(entry->d_name), name, status);
    free(status);
  }
  closedir(tasks);
}

typedef struct named {
  const char *prefix;
  int count;
} named;

static void look_at_name(void *context, int id, const char *name, const char *status) {
  named *wanted = (named *)context;
  (void)id;
  (void)status;
  wanted->count += strncmp(name, wanted->prefix, strlen(wanted->prefix)) == 0;
}

int count_threads_named(const char *prefix) {
  named wanted;
  wanted.prefix = prefix;
  wanted.count = 0;
  each_thread(look_at_name, &wanted);
  return wanted.count;
}
