/* The two halves of the JNI glue over teams_presence_sync.h: calls.c goes from Java into the library, upcalls.c comes back. */
#ifndef TPS_JNI_GLUE_H
#define TPS_JNI_GLUE_H
#include <jni.h>
#include <teams_presence_sync.h>

#define PACKAGE "org/teamspresencesync/"

/* Looks up what upcalls need. 0: it is not there, and an exception is pending. */
int upcalls_prepare(JavaVM *vm, JNIEnv *env);
void upcalls_forget(void);

/* The callbacks whose bit (1 << WANTED_*) is set. `target` is a global reference to an Upcalls object; on_released deletes it. */
tps_callbacks upcalls_table(jobject target, jint wanted);

/* A sink for tps_check; the context is a `struct lines`. */
struct lines {
  JNIEnv *env;
  jobject target; /* a Lines object */
};
void upcalls_line(void *context, const char *text, size_t len);

/* A Java array of these bytes; NULL if `text` is NULL or memory is short (then an exception is pending). */
jbyteArray bytes_of(JNIEnv *env, const char *text, size_t len);

#endif
