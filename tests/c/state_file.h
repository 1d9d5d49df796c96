/* What the statistics say of the state file. */
#ifndef STATE_FILE_H
#define STATE_FILE_H
#include "support.h"

/* Everything that the library was told is on disk: what a process that is killed now leaves behind. */
static inline int state_written(tps_sync *sync) {
  char text[16384];
  size_t len = sizeof text;
  const char *at;
  if (tps_stats(sync, text, &len) != TPS_OK) return 0;
  at = strstr(text, "\"state_file\":");
  at = at == NULL ? NULL : strstr(at, "\"waiting\":");
  return at != NULL && atoi(at + strlen("\"waiting\":")) == 0;
}

#endif
