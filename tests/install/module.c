/* A module of a host that carries the static library in itself. */
#include <teams_presence_sync.h>

unsigned module_interface(void);
unsigned module_interface(void) { return tps_abi_version(); }
