
/* The version of this interface: major << 16 | minor. */
#define TPS_ABI_VERSION @ABI_VERSION@
