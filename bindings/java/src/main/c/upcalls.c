/* From the library into Java.
 *
 * Callbacks come inside tps_dispatch and tps_stop, which the poll thread of an instance calls: a Java thread, so nothing is attached here.
 * Each one runs in a local frame of its own, because the thread stays in native code for many of them. No exception is ever left pending:
 * the library goes on after a callback, and would make JNI calls on top of it.
 */
#include "glue.h"

enum { WANTED_DND, WANTED_CHAT, WANTED_PRESENCE, WANTED_EVENT, WANTED_LOG, WANTED_QUEUE };

/* Upcalls.change distinguishes by these. */
enum { CHANGE_DND = 1, CHANGE_QUEUE = 2, CHANGE_CHAT = 3 };

/* Local references of one callback: an event has the most, four texts. */
#define FRAME 16

static JavaVM *java;

/* Methods live as long as their class, and the class as long as this library: nothing here keeps its class loader. */
static jmethodID make_presence, presence, change, event, log_line, failed, line;

int upcalls_prepare(JavaVM *vm, JNIEnv *env) {
  jclass upcalls = (*env)->FindClass(env, PACKAGE "Upcalls"), lines;
  if (upcalls == NULL) return 0;
#define METHOD(of, variable, name, signature) \
  if ((variable = (*env)->GetMethodID(env, of, name, signature)) == NULL) return 0
  METHOD(upcalls, make_presence, "makePresence", "([B[B[B[B[BIIZIJ)L" PACKAGE "Presence;");
  METHOD(upcalls, presence, "presence", "(L" PACKAGE "Presence;)V");
  METHOD(upcalls, change, "change", "(IJ[B[BL" PACKAGE "Presence;JIII)I");
  METHOD(upcalls, event, "event", "([B[B[B[BJII)V");
  METHOD(upcalls, log_line, "log", "(I[B[B)V");
  METHOD(upcalls, failed, "failed", "(Ljava/lang/Throwable;)V");
  if ((lines = (*env)->FindClass(env, PACKAGE "Lines")) == NULL) return 0;
  METHOD(lines, line, "line", "([B)V");
#undef METHOD
  java = vm;
  return 1;
}

void upcalls_forget(void) { java = NULL; }

jbyteArray bytes_of(JNIEnv *env, const char *text, size_t len) {
  jbyteArray bytes;
  if (text == NULL) return NULL;
  bytes = (*env)->NewByteArray(env, (jsize)len);
  if (bytes != NULL) (*env)->SetByteArrayRegion(env, bytes, 0, (jsize)len, (const jbyte *)text);
  return bytes;
}

static jbyteArray text_of(JNIEnv *env, const char *text) { return bytes_of(env, text, text == NULL ? 0 : strlen(text)); }

/* The environment of this thread, with a frame for one callback; NULL if there is none. */
static JNIEnv *enter(void *target) {
  void *env = NULL;
  if (target == NULL || java == NULL || (*java)->GetEnv(java, &env, JNI_VERSION_1_8) != JNI_OK) return NULL;
  if ((*(JNIEnv *)env)->PushLocalFrame((JNIEnv *)env, FRAME) != 0) {
    (*(JNIEnv *)env)->ExceptionDescribe((JNIEnv *)env);
    (*(JNIEnv *)env)->ExceptionClear((JNIEnv *)env);
    return NULL;
  }
  return (JNIEnv *)env;
}

/* Takes the frame away. The Java side catches whatever a listener throws, so what is pending here is want of memory or stack: it is told
 * to the Java side once more, and if that fails too, to standard error. Answers 1 if there was something. */
static int leave(JNIEnv *env, void *target) {
  jthrowable thrown = (*env)->ExceptionOccurred(env);
  if (thrown != NULL) {
    (*env)->ExceptionClear(env);
    (*env)->CallVoidMethod(env, (jobject)target, failed, thrown);
    if ((*env)->ExceptionCheck(env)) {
      (*env)->ExceptionDescribe(env);
      (*env)->ExceptionClear(env);
    }
  }
  (*env)->PopLocalFrame(env, NULL);
  return thrown != NULL;
}

/* NULL for NULL; NULL with an exception pending where it could not be made. */
static jobject presence_of(JNIEnv *env, void *target, const tps_presence *from) {
  jbyteArray user_id, email, object_id, availability, activity;
  if (from == NULL) return NULL;
  user_id = text_of(env, from->user_id);
  email = (*env)->ExceptionCheck(env) ? NULL : text_of(env, from->email);
  object_id = (*env)->ExceptionCheck(env) ? NULL : text_of(env, from->entra_object_id);
  availability = (*env)->ExceptionCheck(env) ? NULL : text_of(env, from->availability_text);
  activity = (*env)->ExceptionCheck(env) ? NULL : text_of(env, from->activity_text);
  if ((*env)->ExceptionCheck(env)) return NULL;
  return (*env)->CallObjectMethod(env, (jobject)target, make_presence, user_id, email, object_id, availability, activity,
                                  (jint)from->availability, (jint)from->activity, (jboolean)(from->out_of_office != 0),
                                  (jint)from->source, (jlong)from->observed_at_ms);
}

static void on_presence(void *target, const tps_presence *from) {
  JNIEnv *env = enter(target);
  jobject made;
  if (env == NULL) return;
  made = presence_of(env, target, from);
  if (!(*env)->ExceptionCheck(env)) (*env)->CallVoidMethod(env, (jobject)target, presence, made);
  leave(env, target);
}

static int32_t tell(void *target, int kind, uint64_t change_id, const char *id, const char *address, const tps_presence *seen,
                    int64_t decided_at_ms, int32_t value, int32_t reason, uint32_t attempt) {
  JNIEnv *env = enter(target);
  jobject made = NULL;
  jbyteArray user_id, email;
  jint answer = TPS_ACK_RETRY;
  if (env == NULL) return TPS_ACK_RETRY;
  user_id = text_of(env, id);
  email = (*env)->ExceptionCheck(env) ? NULL : text_of(env, address);
  if (!(*env)->ExceptionCheck(env)) made = presence_of(env, target, seen);
  if (!(*env)->ExceptionCheck(env))
    answer = (*env)->CallIntMethod(env, (jobject)target, change, (jint)kind, (jlong)change_id, user_id, email, made, (jlong)decided_at_ms,
                                   (jint)value, (jint)reason, (jint)attempt);
  return leave(env, target) ? TPS_ACK_RETRY : answer;
}

static int32_t on_dnd(void *target, const tps_dnd_change *asked) {
  return tell(target, CHANGE_DND, asked->change_id, asked->user_id, asked->email, asked->presence, asked->decided_at_ms, asked->dnd,
              asked->reason, asked->attempt);
}

static int32_t on_queue_dnd(void *target, const tps_dnd_change *asked) {
  return tell(target, CHANGE_QUEUE, asked->change_id, asked->user_id, asked->email, asked->presence, asked->decided_at_ms, asked->dnd,
              asked->reason, asked->attempt);
}

static int32_t on_chat_state(void *target, const tps_chat_change *asked) {
  return tell(target, CHANGE_CHAT, asked->change_id, asked->user_id, asked->email, asked->presence, asked->decided_at_ms,
              asked->chat_state, asked->reason, asked->attempt);
}

static void on_event(void *target, const tps_event *happened) {
  JNIEnv *env = enter(target);
  jbyteArray user_id, message, remedy, json;
  if (env == NULL) return;
  user_id = text_of(env, happened->user_id);
  message = (*env)->ExceptionCheck(env) ? NULL : text_of(env, happened->message);
  remedy = (*env)->ExceptionCheck(env) ? NULL : text_of(env, happened->remedy);
  json = (*env)->ExceptionCheck(env) ? NULL : bytes_of(env, happened->json, happened->json_len);
  if (!(*env)->ExceptionCheck(env))
    (*env)->CallVoidMethod(env, (jobject)target, event, user_id, message, remedy, json, (jlong)happened->at_ms, (jint)happened->code,
                           (jint)happened->severity);
  leave(env, target);
}

static void on_log(void *target, int32_t level, const char *part, const char *text, size_t len) {
  JNIEnv *env = enter(target);
  jbyteArray name, message;
  if (env == NULL) return;
  name = text_of(env, part);
  message = (*env)->ExceptionCheck(env) ? NULL : bytes_of(env, text, len);
  if (!(*env)->ExceptionCheck(env)) (*env)->CallVoidMethod(env, (jobject)target, log_line, (jint)level, name, message);
  leave(env, target);
}

/* Inside create or destroy, which Java threads call. */
static void on_released(void *target) {
  void *env = NULL;
  if (java != NULL && (*java)->GetEnv(java, &env, JNI_VERSION_1_8) == JNI_OK)
    (*(JNIEnv *)env)->DeleteGlobalRef((JNIEnv *)env, (jobject)target);
}

tps_callbacks upcalls_table(jobject target, jint wanted) {
  tps_callbacks table = TPS_CALLBACKS_INIT;
  table.user_data = target;
  if (wanted & 1 << WANTED_DND) table.on_dnd = on_dnd;
  if (wanted & 1 << WANTED_CHAT) table.on_chat_state = on_chat_state;
  if (wanted & 1 << WANTED_PRESENCE) table.on_presence = on_presence;
  if (wanted & 1 << WANTED_EVENT) table.on_event = on_event;
  if (wanted & 1 << WANTED_LOG) table.on_log = on_log;
  if (wanted & 1 << WANTED_QUEUE) table.on_queue_dnd = on_queue_dnd;
  table.on_released = on_released;
  return table;
}

void upcalls_line(void *context, const char *text, size_t len) {
  const struct lines *to = (const struct lines *)context;
  JNIEnv *env = to->env;
  jbyteArray bytes;
  /* A line that could not be told leaves its exception for the end of the check; what comes after it is not told. */
  if ((*env)->ExceptionCheck(env) || (bytes = bytes_of(env, text, len)) == NULL) return;
  (*env)->CallVoidMethod(env, to->target, line, bytes);
  if (!(*env)->ExceptionCheck(env)) (*env)->DeleteLocalRef(env, bytes);
}
