/* From Java into the library: the native methods of org.teamspresencesync.Native, one short function for each.
 *
 * Texts come as byte[] in UTF-8, those that the library wants as C strings with a NUL at the end: Java's own native strings are modified
 * UTF-8, which has other bytes for NUL and for characters beyond U+FFFF. Answers are statuses; what they mean in Java is decided there. A
 * handle is the number that tps_create gave out, no address, so a stale one is answered and not followed.
 */
#define _POSIX_C_SOURCE 200809L
#include "glue.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ERR_BYTES 1024

/* tps_dispatch is called when something waits; it may still find that another has taken it, or that trouble wants a moment. */
#define DISPATCH_MS 50

static tps_sync *sync_of(jlong handle) { return (tps_sync *)(intptr_t)handle; }

/* The elements of a Java array, copied or pinned by the machine. NULL for NULL, and if memory is short (then an exception is pending). */
static jbyte *borrow(JNIEnv *env, jbyteArray array) {
  return array == NULL ? NULL : (*env)->GetByteArrayElements(env, array, NULL);
}

static void give_back(JNIEnv *env, jbyteArray array, jbyte *bytes) {
  if (bytes != NULL) (*env)->ReleaseByteArrayElements(env, array, bytes, JNI_ABORT);
}

static size_t length_of(JNIEnv *env, jbyteArray array) { return array == NULL ? 0 : (size_t)(*env)->GetArrayLength(env, array); }

/* Hands the explanation of a status to Java. Nothing to do where an exception is on its way already. */
static jint explained(JNIEnv *env, tps_status status, jbyteArray err, const char *text) {
  size_t len = strlen(text) + 1;
  if ((*env)->ExceptionCheck(env)) return status;
  if (len > length_of(env, err)) len = length_of(env, err);
  (*env)->SetByteArrayRegion(env, err, 0, (jsize)len, (const jbyte *)text);
  return status;
}

static jint abi_version(JNIEnv *env, jclass self) {
  (void)env, (void)self;
  return (jint)tps_abi_version();
}

static jbyteArray version(JNIEnv *env, jclass self) {
  (void)self;
  return bytes_of(env, tps_version(), strlen(tps_version()));
}

static jbyteArray status_name(JNIEnv *env, jclass self, jint status) {
  (void)self;
  return bytes_of(env, tps_status_name(status), strlen(tps_status_name(status)));
}

static jint create(JNIEnv *env, jclass self, jbyteArray config, jobject target, jint wanted, jlongArray handle, jbyteArray err) {
  char text[ERR_BYTES] = "";
  tps_sync *sync = NULL;
  tps_callbacks callbacks;
  tps_status status;
  jlong number;
  jobject held;
  jbyte *json = borrow(env, config);
  (void)self;
  if (json == NULL) return TPS_E_SYSTEM;
  held = (*env)->NewGlobalRef(env, target);
  if (held == NULL) {
    give_back(env, config, json);
    return explained(env, TPS_E_SYSTEM, err, "no memory for a global reference");
  }
  /* From here on on_released gives the reference back, also if this fails. */
  callbacks = upcalls_table(held, wanted);
  status = tps_create((const char *)json, length_of(env, config), &callbacks, &sync, text, sizeof text);
  give_back(env, config, json);
  number = (jlong)(intptr_t)sync;
  (*env)->SetLongArrayRegion(env, handle, 0, 1, &number);
  return explained(env, status, err, text);
}

static jint start(JNIEnv *env, jclass self, jlong handle, jbyteArray err) {
  char text[ERR_BYTES] = "";
  tps_status status = tps_start(sync_of(handle), text, sizeof text);
  (void)self;
  return explained(env, status, err, text);
}

static jint reload(JNIEnv *env, jclass self, jlong handle, jbyteArray config, jbyteArray err) {
  char text[ERR_BYTES] = "";
  tps_status status;
  jbyte *json = borrow(env, config);
  (void)self;
  if (json == NULL) return TPS_E_SYSTEM;
  status = tps_reload(sync_of(handle), (const char *)json, length_of(env, config), text, sizeof text);
  give_back(env, config, json);
  return explained(env, status, err, text);
}

static jint set_enabled(JNIEnv *env, jclass self, jlong handle, jboolean enabled) {
  (void)env, (void)self;
  return tps_set_enabled(sync_of(handle), enabled);
}

static jint stop(JNIEnv *env, jclass self, jlong handle, jint timeout_ms) {
  (void)env, (void)self;
  return tps_stop(sync_of(handle), timeout_ms);
}

static jint destroy(JNIEnv *env, jclass self, jlong handle) {
  (void)env, (void)self;
  return tps_destroy(sync_of(handle));
}

/* Users come in three arrays: all texts one behind the other, each with its NUL; where each begins, four for a user, -1 for none; and
 * two facts for a user. */
struct users {
  jbyte *texts;
  tps_user *list;
  size_t count;
};

static int users_take(JNIEnv *env, struct users *users, jbyteArray texts, jintArray places, jintArray facts) {
  size_t at;
  jint *place, *fact;
  users->count = (size_t)(*env)->GetArrayLength(env, places) / 4;
  users->list = (tps_user *)calloc(users->count + 1, sizeof *users->list);
  users->texts = borrow(env, texts);
  place = users->list == NULL || users->texts == NULL ? NULL : (*env)->GetIntArrayElements(env, places, NULL);
  fact = place == NULL ? NULL : (*env)->GetIntArrayElements(env, facts, NULL);
  for (at = 0; fact != NULL && at < users->count; at++) {
    tps_user *user = &users->list[at];
    const char **fields[4];
    int field;
    TPS_INIT(user);
    fields[0] = &user->user_id;
    fields[1] = &user->email;
    fields[2] = &user->entra_object_id;
    fields[3] = &user->rule_set;
    for (field = 0; field < 4; field++) {
      jint begin = place[4 * at + (size_t)field];
      *fields[field] = begin < 0 ? NULL : (const char *)users->texts + begin;
    }
    user->host_dnd = fact[2 * at];
    user->host_queue_dnd = fact[2 * at + 1];
  }
  if (place != NULL) (*env)->ReleaseIntArrayElements(env, places, place, JNI_ABORT);
  if (fact != NULL) (*env)->ReleaseIntArrayElements(env, facts, fact, JNI_ABORT);
  return fact != NULL;
}

static void users_give_back(JNIEnv *env, struct users *users, jbyteArray texts) {
  give_back(env, texts, users->texts);
  free(users->list);
}

static jint set_users(JNIEnv *env, jclass self, jlong handle, jbyteArray texts, jintArray places, jintArray facts, jbyteArray err) {
  char text[ERR_BYTES] = "no memory for the users";
  tps_status status = TPS_E_SYSTEM;
  struct users users;
  (void)self;
  if (users_take(env, &users, texts, places, facts)) status = tps_set_users(sync_of(handle), users.list, users.count, text, sizeof text);
  users_give_back(env, &users, texts);
  return explained(env, status, err, text);
}

static jint put_user(JNIEnv *env, jclass self, jlong handle, jbyteArray texts, jintArray places, jintArray facts, jbyteArray err) {
  char text[ERR_BYTES] = "no memory for the user";
  tps_status status = TPS_E_SYSTEM;
  struct users users;
  (void)self;
  if (users_take(env, &users, texts, places, facts)) status = tps_put_user(sync_of(handle), users.list, text, sizeof text);
  users_give_back(env, &users, texts);
  return explained(env, status, err, text);
}

static jint acknowledge(JNIEnv *env, jclass self, jlong handle, jlong change_id, jint answer) {
  (void)env, (void)self;
  return tps_acknowledge(sync_of(handle), (uint64_t)change_id, answer);
}

static jint set_log_level(JNIEnv *env, jclass self, jlong handle, jint level) {
  (void)env, (void)self;
  return tps_set_log_level(sync_of(handle), level);
}

/* A call with one text, which may be NULL where the header allows it. */
#define WITH_TEXT(array, call)                                   \
  do {                                                           \
    jbyte *bytes = borrow(env, array);                           \
    const char *text = (const char *)bytes;                      \
    tps_status status;                                           \
    (void)self;                                                  \
    if (bytes == NULL && (array) != NULL) return TPS_E_SYSTEM;   \
    status = (call);                                             \
    give_back(env, array, bytes);                                \
    return status;                                               \
  } while (0)

static jint remove_user(JNIEnv *env, jclass self, jlong handle, jbyteArray user_id) {
  WITH_TEXT(user_id, tps_remove_user(sync_of(handle), text));
}

static jint report_dnd(JNIEnv *env, jclass self, jlong handle, jbyteArray user_id, jboolean on, jint origin) {
  WITH_TEXT(user_id, tps_report_dnd(sync_of(handle), text, on, origin));
}

static jint report_queue(JNIEnv *env, jclass self, jlong handle, jbyteArray user_id, jboolean on, jint origin) {
  WITH_TEXT(user_id, tps_report_queue(sync_of(handle), text, on, origin));
}

static jint report_call(JNIEnv *env, jclass self, jlong handle, jbyteArray user_id, jboolean in_call) {
  WITH_TEXT(user_id, tps_report_call(sync_of(handle), text, in_call));
}

static jint refresh(JNIEnv *env, jclass self, jlong handle, jbyteArray user_id) {
  WITH_TEXT(user_id, tps_refresh(sync_of(handle), text));
}

static jint sign_in(JNIEnv *env, jclass self, jlong handle, jbyteArray account) {
  WITH_TEXT(account, tps_sign_in(sync_of(handle), text));
}

static jint sign_out(JNIEnv *env, jclass self, jlong handle, jbyteArray account) {
  WITH_TEXT(account, tps_sign_out(sync_of(handle), text));
}

/* The first element of a byte[][]. */
static void put_bytes(JNIEnv *env, jobjectArray into, const char *text, size_t len) {
  jbyteArray bytes = bytes_of(env, text, len);
  if (bytes != NULL) (*env)->SetObjectArrayElement(env, into, 0, bytes);
}

static jint deliver(JNIEnv *env, jclass self, jlong handle, jbyteArray query, jbyteArray body, jintArray http_status, jobjectArray reply) {
  char text[4100], *room = text;
  size_t len = sizeof text;
  int32_t status_code = 503;
  tps_status status;
  jbyte *asked = borrow(env, query), *posted = asked == NULL ? NULL : borrow(env, body);
  (void)self;
  if (posted == NULL) {
    give_back(env, query, asked);
    return TPS_E_SYSTEM;
  }
  while ((status = tps_deliver_notification(sync_of(handle), (const char *)asked, length_of(env, query), posted, length_of(env, body),
                                            &status_code, room, &len)) == TPS_E_TOO_SMALL) {
    char *more = (char *)realloc(room == text ? NULL : room, len);
    if (more == NULL) break;
    room = more;
  }
  give_back(env, body, posted);
  give_back(env, query, asked);
  if (status == TPS_OK) {
    jint number = status_code;
    (*env)->SetIntArrayRegion(env, http_status, 0, 1, &number);
    put_bytes(env, reply, room, len - 1);
  }
  if (room != text) free(room);
  return status;
}

/* The numbers in the order in which UserState reads them. */
static jint get_state(JNIEnv *env, jclass self, jlong handle, jbyteArray user, jlongArray numbers, jobjectArray object_id) {
  tps_state state = TPS_STATE_INIT;
  tps_status status;
  jlong list[15];
  jbyte *id = borrow(env, user);
  (void)self;
  if (id == NULL) return TPS_E_SYSTEM;
  status = tps_get_state(sync_of(handle), (const char *)id, &state);
  give_back(env, user, id);
  if (status != TPS_OK) return status;
  list[0] = state.matched;
  list[1] = state.availability;
  list[2] = state.activity;
  list[3] = state.out_of_office;
  list[4] = state.stale;
  list[5] = state.dnd_desired;
  list[6] = state.dnd_acknowledged;
  list[7] = state.dnd_owned;
  list[8] = state.chat_desired;
  list[9] = state.chat_acknowledged;
  list[10] = state.observed_at_ms;
  list[11] = state.acknowledged_at_ms;
  list[12] = state.queue_desired;
  list[13] = state.queue_acknowledged;
  list[14] = state.queue_owned;
  (*env)->SetLongArrayRegion(env, numbers, 0, 15, list);
  put_bytes(env, object_id, state.entra_object_id, strlen(state.entra_object_id));
  return TPS_OK;
}

/* Explain and stats: the answer may grow between two questions, so it is asked for until it fits. */
static jint whole_text(JNIEnv *env, tps_sync *sync, int is_stats, const char *user_id, jobjectArray into) {
  size_t len = 0;
  char *text = NULL;
  tps_status status;
  while ((status = is_stats ? tps_stats(sync, text, &len) : tps_explain(sync, user_id, text, &len)) == TPS_E_TOO_SMALL) {
    char *more = (char *)realloc(text, len += 256);
    if (more == NULL) break;
    text = more;
  }
  if (status == TPS_OK) put_bytes(env, into, text, len - 1);
  free(text);
  return status;
}

static jint explain(JNIEnv *env, jclass self, jlong handle, jbyteArray user_id, jobjectArray into) {
  WITH_TEXT(user_id, whole_text(env, sync_of(handle), 0, text, into));
}

static jint stats(JNIEnv *env, jclass self, jlong handle, jobjectArray into) {
  (void)self;
  return whole_text(env, sync_of(handle), 1, NULL, into);
}

static jint check(JNIEnv *env, jclass self, jbyteArray config, jbyteArray texts, jintArray places, jintArray facts, jint timeout_ms,
                  jobject sink) {
  tps_status status = TPS_E_SYSTEM;
  struct users users;
  struct lines to;
  jbyte *json = borrow(env, config);
  (void)self;
  if (json == NULL) return TPS_E_SYSTEM;
  to.env = env;
  to.target = sink;
  if (users_take(env, &users, texts, places, facts))
    status = tps_check((const char *)json, length_of(env, config), users.list, users.count, timeout_ms, upcalls_line, &to);
  users_give_back(env, &users, texts);
  give_back(env, config, json);
  return status;
}

/* What wakes a poll thread that waits in dispatch: a descriptor, or the error as a negative number. */
static jint wake_open(JNIEnv *env, jclass self) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  (void)env, (void)self;
  return fd < 0 ? -errno : fd;
}

static void wake_ring(JNIEnv *env, jclass self, jint fd) {
  uint64_t one = 1;
  ssize_t wrote;
  (void)env, (void)self;
  do wrote = write(fd, &one, sizeof one);
  while (wrote < 0 && errno == EINTR); /* EAGAIN: it rings already */
}

static void wake_close(JNIEnv *env, jclass self, jint fd) {
  (void)env, (void)self;
  close(fd);
}

/* Sleeps, without a time limit, until there is something to hand out or somebody rings. */
static jint dispatch(JNIEnv *env, jclass self, jlong handle, jint wake, jint most) {
  struct pollfd fds[2];
  int32_t events = tps_event_fd(sync_of(handle));
  uint64_t rings;
  (void)env, (void)self;
  if (events < 0) return events;
  memset(fds, 0, sizeof fds);
  fds[0].fd = events;
  fds[1].fd = wake;
  fds[0].events = fds[1].events = POLLIN;
  if (poll(fds, 2, -1) < 0) return errno == EINTR ? 0 : TPS_E_SYSTEM;
  if (fds[1].revents != 0) return read(wake, &rings, sizeof rings) < 0 && errno != EAGAIN ? TPS_E_SYSTEM : 0;
  return tps_dispatch(sync_of(handle), DISPATCH_MS, (uint32_t)most);
}

/* The descriptor that dispatch waits at, or a negative status: tells whether the instance is in poll mode. */
static jint event_fd(JNIEnv *env, jclass self, jlong handle) {
  (void)env, (void)self;
  return tps_event_fd(sync_of(handle));
}

/* The name in Java, the signature, the function. ISO C has no cast from a function to void *, so the table is filled by a copy. */
static const struct entry {
  const char *name, *signature;
  void (*function)(void);
} ENTRIES[] = {
#define ENTRY(name, signature, function) { name, signature, (void (*)(void))function }
  ENTRY("abiVersion", "()I", abi_version),
  ENTRY("version", "()[B", version),
  ENTRY("statusName", "(I)[B", status_name),
  ENTRY("create", "([BL" PACKAGE "Upcalls;I[J[B)I", create),
  ENTRY("start", "(J[B)I", start),
  ENTRY("reload", "(J[B[B)I", reload),
  ENTRY("setEnabled", "(JZ)I", set_enabled),
  ENTRY("stop", "(JI)I", stop),
  ENTRY("destroy", "(J)I", destroy),
  ENTRY("setUsers", "(J[B[I[I[B)I", set_users),
  ENTRY("putUser", "(J[B[I[I[B)I", put_user),
  ENTRY("removeUser", "(J[B)I", remove_user),
  ENTRY("acknowledge", "(JJI)I", acknowledge),
  ENTRY("reportDnd", "(J[BZI)I", report_dnd),
  ENTRY("reportQueue", "(J[BZI)I", report_queue),
  ENTRY("reportCall", "(J[BZ)I", report_call),
  ENTRY("refresh", "(J[B)I", refresh),
  ENTRY("deliver", "(J[B[B[I[[B)I", deliver),
  ENTRY("signIn", "(J[B)I", sign_in),
  ENTRY("signOut", "(J[B)I", sign_out),
  ENTRY("state", "(J[B[J[[B)I", get_state),
  ENTRY("explain", "(J[B[[B)I", explain),
  ENTRY("stats", "(J[[B)I", stats),
  ENTRY("check", "([B[B[I[IIL" PACKAGE "Lines;)I", check),
  ENTRY("setLogLevel", "(JI)I", set_log_level),
  ENTRY("eventFd", "(J)I", event_fd),
  ENTRY("dispatch", "(JII)I", dispatch),
  ENTRY("wakeOpen", "()I", wake_open),
  ENTRY("wakeRing", "(I)V", wake_ring),
  ENTRY("wakeClose", "(I)V", wake_close),
};
#define COUNT (sizeof ENTRIES / sizeof ENTRIES[0])

static int register_all(JNIEnv *env) {
  JNINativeMethod methods[COUNT];
  size_t at;
  jclass native = (*env)->FindClass(env, PACKAGE "Native");
  if (native == NULL) return 0;
  for (at = 0; at < COUNT; at++) {
    methods[at].name = (char *)(uintptr_t)ENTRIES[at].name; /* the header of JNI has no const */
    methods[at].signature = (char *)(uintptr_t)ENTRIES[at].signature;
    memcpy(&methods[at].fnPtr, &ENTRIES[at].function, sizeof methods[at].fnPtr);
  }
  return (*env)->RegisterNatives(env, native, methods, (jint)COUNT) == JNI_OK;
}

/* A library of the process that came first stays in it, and this glue then works with that one: so its version is looked at. */
static int versions_fit(JNIEnv *env) {
  char text[400];
  uint32_t theirs = tps_abi_version(), ours = TPS_ABI_VERSION;
  jclass error;
  if (theirs >> 16 == ours >> 16 && (theirs & 0xffff) >= (ours & 0xffff)) return 1;
  snprintf(text, sizeof text,
           "libteams_presence_sync in this process has version %u.%u of the interface, the bindings need %u.%u. "
           "It stays loaded as long as the process: after an update restart the virtual machine",
           (unsigned)(theirs >> 16), (unsigned)(theirs & 0xffff), (unsigned)(ours >> 16), (unsigned)(ours & 0xffff));
  error = (*env)->FindClass(env, "java/lang/UnsatisfiedLinkError");
  if (error != NULL) (*env)->ThrowNew(env, error, text);
  return 0;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
  void *env = NULL;
  (void)reserved;
  if ((*vm)->GetEnv(vm, &env, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
  if (!versions_fit((JNIEnv *)env) || !upcalls_prepare(vm, (JNIEnv *)env) || !register_all((JNIEnv *)env)) return JNI_ERR;
  return JNI_VERSION_1_8;
}

/* The class loader is gone, so no instance of it is left: an instance keeps its classes by the reference of create. */
JNIEXPORT void JNICALL JNI_OnUnload(JavaVM *vm, void *reserved) {
  (void)vm, (void)reserved;
  upcalls_forget();
}
