/* What is known of each extension, and the ways into it: changes that the library asks for (on its thread), device states and calls that
 * Asterisk tells (on threads of Asterisk's).
 *
 * The library wants to hear of changes in the order in which they happened, its own included. Here that order is the one in which the
 * device states of the lamp come back: so a change of the library is answered PENDING, and acknowledged when its own device state is the
 * next in the row. What was not written here was written by a person's feature code, key or program. */
#include "teams_presence.h"

#include <asterisk/astobj2.h>
#include <asterisk/devicestate.h>
#include <asterisk/stringfields.h>
#include <asterisk/taskprocessor.h>

#define BUCKETS 1021
/* All lamps of a large office may change at once. Where a queue is over its limit, which is 500 else, Asterisk refuses calls. */
#define MOST_WAITING (40 * AST_TASKPROCESSOR_HIGH_WATER_LEVEL)

struct extension {
    AST_DECLARE_STRING_FIELDS(
        AST_STRING_FIELD(number);
        AST_STRING_FIELD(device);
    );
    int listed;        /* named in the configuration as it was read last; who is not may still have a DND to be released */
    int dnd;           /* as it stands, as far as seen here */
    int mark;          /* as it stands in AstDB */
    const char *chat;  /* the presence that Teams gives; NULL: none yet */
    const char *shown; /* the presence set last */
    int in_call;
    int echoes[2];   /* device states written here that have not come back: off, on */
    uint64_t change; /* answered PENDING; 0: none */
    int change_on;
};

AO2_STRING_FIELD_HASH_FN(extension, number)
AO2_STRING_FIELD_CMP_FN(extension, number)
AO2_STRING_FIELD_SORT_FN(extension, number)

/* Taken for each change together with its report. Never held where the library is stopped. */
AST_MUTEX_DEFINE_STATIC(lock);
static struct ao2_container *extensions; /* by number */
static struct stasis_subscription *watch;
static tps_sync *sync_of_all;

static void extension_destroy(void *object)
{
    struct extension *extension = object;
    ast_string_field_free_memory(extension);
}

static struct extension *extension_find(const char *number)
{
    return ao2_find(extensions, number, OBJ_SEARCH_KEY);
}

static struct extension *extension_add(const char *number)
{
    struct extension *extension = ao2_alloc(sizeof *extension, extension_destroy);
    if (extension == NULL)
        return NULL;
    if (ast_string_field_init(extension, 64) != 0 || ast_string_field_set(extension, number, number) != 0 || !ao2_link(extensions, extension)) {
        ao2_ref(extension, -1);
        return NULL;
    }
    return extension;
}

/* On DND phones show that, whoever switched it on; else what Teams gives. */
static void show(struct extension *extension)
{
    const char *word = extension->dnd ? "dnd" : extension->chat != NULL ? extension->chat : extension->shown != NULL ? "not_set" : NULL;
    if (word == NULL)
        return;
    if (teams_host_set_presence(extension->number, word) == 0)
        extension->shown = word;
    else
        ast_log(LOG_WARNING, "The presence of %s cannot be set to %s\n", extension->number, word);
}

static int set_mark(struct extension *extension, int on)
{
    if (extension->mark != on && teams_host_set_mark(extension->number, on) != 0)
        return -1;
    extension->mark = on;
    return 0;
}

/* Asterisk tells only of changes. What would be none is not written, so that each device state counted here does come back. */
static int light(struct extension *extension, int on)
{
    if (teams_host_lamp(extension->number) == on)
        return 0;
    extension->echoes[on]++;
    if (teams_host_set_lamp(extension->number, on) == 0)
        return 0;
    extension->echoes[on]--;
    return -1;
}

/* The order makes a crash harmless: a mark without DND counts for nothing, and DND of ours is never without its mark. */
static int write_all(struct extension *extension, int on)
{
    int failed = on && set_mark(extension, 1) != 0;
    failed = failed || teams_host_set_dnd(extension->number, on) != 0;
    failed = failed || light(extension, on) != 0;
    if (failed) {
        teams_host_set_dnd(extension->number, !on);
        set_mark(extension, !on);
        return -1;
    }
    if (!on)
        set_mark(extension, 0);
    extension->dnd = on;
    show(extension);
    return 0;
}

int32_t teams_extensions_dnd(const tps_dnd_change *change)
{
    int on = change->dnd == TPS_DND_ON;
    struct extension *extension;
    int32_t answer;
    ast_mutex_lock(&lock);
    extension = extension_find(change->user_id);
    if (extension == NULL) {
        answer = TPS_ACK_GONE;
    } else if (teams_host_dnd(extension->number) == on && teams_host_lamp(extension->number) == on) {
        /* By a person, or by us before a restart: the library knows which. */
        extension->change = 0;
        answer = TPS_ACK_ALREADY;
    } else if (on && teams_host_dnd(extension->number)) {
        /* A person's, whose feature code has not lit the lamp yet, or never does. */
        light(extension, 1);
        answer = TPS_ACK_ALREADY;
    } else if (write_all(extension, on) != 0) {
        ast_log(LOG_WARNING, "DND of %s cannot be switched %s\n", extension->number, on ? "on" : "off");
        answer = TPS_ACK_RETRY;
    } else if (extension->echoes[on] == 0) {
        /* The lamp stood so, only AstDB did not. */
        answer = TPS_ACK_APPLIED;
    } else {
        extension->change = change->change_id;
        extension->change_on = on;
        answer = TPS_ACK_PENDING;
    }
    ao2_cleanup(extension);
    ast_mutex_unlock(&lock);
    return answer;
}

int32_t teams_extensions_chat(const tps_chat_change *change)
{
    /* The words of PRESENCE_STATE for TPS_CHAT_*. */
    static const char *const words[] = { "not_set", "available", "away", "dnd", "xa", "unavailable", "not_set" };
    struct extension *extension;
    ast_mutex_lock(&lock);
    extension = extension_find(change->user_id);
    if (extension != NULL) {
        extension->chat = words[change->chat_state >= 1 && change->chat_state <= 6 ? change->chat_state : 0];
        show(extension);
    }
    ao2_cleanup(extension);
    ast_mutex_unlock(&lock);
    return extension != NULL ? TPS_ACK_APPLIED : TPS_ACK_GONE;
}

/* The lamp went to `on`, by us or by a person. */
static void settle(struct extension *extension, int on, int ours)
{
    int news = extension->dnd != on;
    extension->dnd = on;
    set_mark(extension, on && ours);
    /* A key that only lights the lamp, or a feature code that crossed us: the dial plan has to read the same. If the lamp has changed again
     * meanwhile, that comes next. */
    if (teams_host_lamp(extension->number) == on) {
        if (teams_host_dnd(extension->number) != on)
            teams_host_set_dnd(extension->number, on);
        teams_host_set_device_lamps(extension->number, on);
    }
    if (news)
        show(extension);
}

static void person(struct extension *extension, int on)
{
    tps_status status;
    /* Off while we have just switched it off: both want the same. On while we have just switched it on: the person wants it too, and longer. */
    if (!on && !extension->dnd)
        return;
    settle(extension, on, 0);
    status = sync_of_all != NULL ? tps_report_dnd(sync_of_all, extension->number, on, TPS_REPORT_PERSON) : TPS_OK;
    if (status != TPS_OK && extension->listed)
        ast_log(LOG_WARNING, "DND of %s was not reported: %s\n", extension->number, tps_status_name(status));
}

static void lamp_changed(const char *number, int on)
{
    struct extension *extension;
    ast_mutex_lock(&lock);
    extension = extension_find(number);
    if (extension != NULL && extension->echoes[on] > 0) {
        extension->echoes[on]--;
        settle(extension, on, extension->mark || extension->change != 0);
        if (extension->change != 0 && extension->change_on == on) {
            uint64_t change = extension->change;
            extension->change = 0;
            /* NOT_FOUND where it has timed out: then it is offered again. */
            if (sync_of_all != NULL)
                tps_acknowledge(sync_of_all, change, TPS_ACK_APPLIED);
        }
    } else if (extension != NULL) {
        person(extension, on);
    }
    ao2_cleanup(extension);
    ast_mutex_unlock(&lock);
}

static void report_call(struct extension *extension)
{
    tps_status status = sync_of_all != NULL ? tps_report_call(sync_of_all, extension->number, extension->in_call) : TPS_OK;
    if (status != TPS_OK && status != TPS_E_NOT_FOUND)
        ast_log(LOG_WARNING, "A call of %s was not reported: %s\n", extension->number, tps_status_name(status));
}

static int device_calls(void *object, void *argument, int flags)
{
    struct extension *extension = object;
    int in_call;
    if (!teams_calls_is_one_of(argument, extension->device))
        return 0;
    in_call = teams_calls_any(extension->device);
    if (extension->in_call != in_call) {
        extension->in_call = in_call;
        report_call(extension);
    }
    return 0;
}

/* A call of the device began or ended: looks how it is now, so that the order of two events does not matter. */
static void calls_changed(const char *device)
{
    ast_mutex_lock(&lock);
    ao2_callback(extensions, OBJ_NODATA | OBJ_MULTIPLE, device_calls, (void *)device);
    ast_mutex_unlock(&lock);
}

static void on_message(void *data, struct stasis_subscription *subscription, struct stasis_message *message)
{
    struct ast_device_state_message *state;
    const char *number;
    if (stasis_message_type(message) != ast_device_state_message_type())
        return;
    state = stasis_message_data(message);
    /* Without an id it is the sum over a cluster; with another one it is another server's. */
    if (state->eid == NULL || ast_eid_cmp(state->eid, &ast_eid_default) != 0)
        return;
    number = teams_host_lamp_of(state->device);
    if (number != NULL && teams_host_lit(state->state) >= 0)
        lamp_changed(number, teams_host_lit(state->state));
}

int teams_extensions_open(void)
{
    extensions = ao2_container_alloc_hash(AO2_ALLOC_OPT_LOCK_MUTEX, 0, BUCKETS, extension_hash_fn, extension_sort_fn, extension_cmp_fn);
    watch = extensions != NULL ? teams_host_watch(ast_device_state_topic_all(), ast_device_state_message_type(), on_message, MOST_WAITING) : NULL;
    if (watch == NULL || teams_calls_open(calls_changed) != 0) {
        teams_extensions_close();
        return -1;
    }
    return 0;
}

void teams_extensions_close(void)
{
    if (watch != NULL)
        stasis_unsubscribe_and_join(watch);
    watch = NULL;
    teams_calls_close();
    ao2_cleanup(extensions);
    extensions = NULL;
}

void teams_extensions_attach(tps_sync *sync)
{
    ast_mutex_lock(&lock);
    sync_of_all = sync;
    ast_mutex_unlock(&lock);
}

/* How a new extension stands, before anybody asks; where the places do not agree, the dial plan's decides. Answers TPS_HOST_DND_*. */
static int32_t look_at(struct extension *extension)
{
    extension->mark = teams_host_mark(extension->number);
    extension->dnd = teams_host_dnd(extension->number);
    if (teams_host_lamp(extension->number) != extension->dnd)
        light(extension, extension->dnd);
    teams_host_set_device_lamps(extension->number, extension->dnd);
    if (!extension->dnd)
        set_mark(extension, 0);
    if (extension->dnd)
        show(extension);
    return !extension->dnd ? TPS_HOST_DND_OFF : extension->mark ? TPS_HOST_DND_ON_OURS : TPS_HOST_DND_ON;
}

static int unlist(void *object, void *argument, int flags)
{
    ((struct extension *)object)->listed = 0;
    return 0;
}

int teams_extensions_take(const struct teams_settings *settings, char *err, size_t err_len)
{
    tps_user *users = ast_calloc(settings->count + 1, sizeof *users);
    tps_status status = TPS_E_SYSTEM;
    size_t i = settings->count;
    snprintf(err, err_len, "out of memory");
    ast_mutex_lock(&lock);
    if (users != NULL) {
        for (i = 0; i < settings->count; i++) {
            const struct teams_row *row = &settings->rows[i];
            struct extension *extension = extension_find(row->extension);
            TPS_INIT(&users[i]);
            users[i].user_id = row->extension;
            users[i].email = row->email;
            users[i].rule_set = row->rule_set;
            /* Of the others the library has heard all changes; what it is told now could be older than one that waits in the queue. */
            if (extension == NULL && (extension = extension_add(row->extension)) != NULL)
                users[i].host_dnd = look_at(extension);
            if (extension == NULL || ast_string_field_set(extension, device, row->device) != 0) {
                ao2_cleanup(extension);
                break;
            }
            ao2_ref(extension, -1);
        }
    }
    if (i == settings->count && users != NULL)
        status = tps_set_users(sync_of_all, users, settings->count, err, err_len);
    if (status == TPS_OK)
        ao2_callback(extensions, OBJ_NODATA | OBJ_MULTIPLE, unlist, NULL);
    /* Also who is in no call: a process before this one may have left one in Teams. */
    for (i = 0; status == TPS_OK && i < settings->count; i++) {
        struct extension *extension = extension_find(settings->rows[i].extension);
        extension->listed = 1;
        extension->in_call = teams_calls_any(extension->device);
        report_call(extension);
        ao2_ref(extension, -1);
    }
    ast_mutex_unlock(&lock);
    ast_free(users);
    return status == TPS_OK ? 0 : -1;
}

struct teams_view *teams_extensions_view(size_t *count)
{
    struct ao2_iterator all;
    struct extension *extension;
    struct teams_view *views;
    *count = 0;
    ast_mutex_lock(&lock);
    views = ast_calloc(ao2_container_count(extensions) + 1, sizeof *views);
    all = ao2_iterator_init(extensions, 0);
    for (; (extension = ao2_iterator_next(&all)) != NULL; ao2_ref(extension, -1)) {
        struct teams_view *view = &views[*count];
        if (views == NULL || !extension->listed)
            continue;
        ast_copy_string(view->extension, extension->number, sizeof view->extension);
        view->dnd = teams_host_dnd(extension->number);
        view->ours = extension->mark;
        view->shown = extension->shown;
        view->in_call = extension->in_call;
        ++*count;
    }
    ao2_iterator_destroy(&all);
    ast_mutex_unlock(&lock);
    return views;
}
