/* Initialisers: the first field of each struct set, the rest zero. For declarations; TPS_INIT(pointer) does the same for memory that is
 * there already, of any struct with a struct_size. It leaves tps_callbacks.abi_version at 0. */
#define TPS_CALLBACKS_INIT { sizeof(tps_callbacks), TPS_ABI_VERSION, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
#define TPS_USER_INIT { sizeof(tps_user), NULL, NULL, NULL, NULL, 0, 0, 0, 0 }
#define TPS_STATE_INIT { sizeof(tps_state), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 }, 0, 0, 0, 0 }
#define TPS_INIT(p) (memset((p), 0, sizeof *(p)), (void)((p)->struct_size = sizeof *(p)))
