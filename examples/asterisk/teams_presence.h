/* What the files of res_teams_presence.so share. The Makefile defines AST_MODULE and AST_MODULE_SELF_SYM for all of them. */
#ifndef TEAMS_PRESENCE_H
#define TEAMS_PRESENCE_H

#include <asterisk.h>

#include <asterisk/channel.h>
#include <asterisk/lock.h>
#include <asterisk/logger.h>
#include <asterisk/module.h>
#include <asterisk/stasis.h>
#include <asterisk/strings.h>
#include <asterisk/utils.h>

#include <teams_presence_sync.h>

/* settings.c: teams_presence.conf, the users from AstDB, the library's own document */

struct teams_row {
    char extension[AST_MAX_EXTENSION];
    char email[320];
    char rule_set[80];
    char device[256]; /* whose calls are the user's, as in PJSIP/101 or PJSIP/101&PJSIP/101-soft; empty: nobody's */
};

struct teams_settings {
    char path[PATH_MAX]; /* of the document */
    char *document;
    size_t document_len;
    struct teams_row *rows;
    size_t count;
};

/* Logs what is wrong and answers nonzero; then there is nothing to free. */
int teams_settings_read(struct teams_settings *settings);
void teams_settings_free(struct teams_settings *settings);

/* host.c: the places where Asterisk keeps the DND of an extension. Each write answers nonzero where it failed. */

int teams_host_dnd(const char *extension);  /* AstDB DND/<extension> */
int teams_host_mark(const char *extension); /* AstDB TeamsPresence/<extension>: the DND is the library's */
int teams_host_lamp(const char *extension); /* Custom:DND<extension>: 1 on, 0 off, -1 neither */
int teams_host_lit(int state);              /* the same of a device state */
int teams_host_set_dnd(const char *extension, int on);
int teams_host_set_mark(const char *extension, int on);
int teams_host_set_lamp(const char *extension, int on);
/* Where FreePBX keeps AMPUSER/<extension>/device: Custom:DEVDND<device> of each, the lamps of its toggle *76. */
void teams_host_set_device_lamps(const char *extension, int on);
int teams_host_set_presence(const char *extension, const char *word);
/* The extension behind Custom:DND, or NULL for another device. */
const char *teams_host_lamp_of(const char *device);
/* Is told of messages of this type alone, on a thread of Asterisk's. NULL where that failed; stasis_unsubscribe_and_join ends it. */
struct stasis_subscription *teams_host_watch(struct stasis_topic *topic, struct stasis_message_type *type, stasis_subscription_cb told, long most_waiting);

/* calls.c: the devices whose person is in a call, by the channels of Asterisk */

/* From here on `changed` is called for each device where a call began or ended, on a thread of Asterisk's and without a lock held. */
int teams_calls_open(void (*changed)(const char *device));
void teams_calls_close(void);
/* `devices` as in a hint: PJSIP/101, or several with & between them, and blanks as you like. */
int teams_calls_any(const char *devices);
int teams_calls_is_one_of(const char *device, const char *devices);

/* extensions.c: what is known of each extension; the changes the library asks for, and those that people make */

int teams_extensions_open(void);
void teams_extensions_close(void);
/* From here on what people do is told to this instance; NULL: to nobody. */
void teams_extensions_attach(tps_sync *sync);
int teams_extensions_take(const struct teams_settings *settings, char *err, size_t err_len);
int32_t teams_extensions_dnd(const tps_dnd_change *change);
int32_t teams_extensions_chat(const tps_chat_change *change);

struct teams_view {
    char extension[AST_MAX_EXTENSION];
    const char *shown; /* the presence that phones show; NULL: none was set */
    int dnd, ours, in_call;
};

/* All extensions of the configuration, in order; ast_free the answer. */
struct teams_view *teams_extensions_view(size_t *count);

/* res_teams_presence.c: the instance that runs */

tps_sync *teams_instance(void);

/* cli.c */

void teams_cli_register(void);
void teams_cli_unregister(void);

#endif
