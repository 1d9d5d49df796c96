/* Who is in a call, by the channels of Asterisk: each event of a channel tells how that channel is now, so nothing adds up wrongly where
 * a transfer renames channels, and a channel that was there before the module counts as well. */
#include "teams_presence.h"

#include <asterisk/astobj2.h>
#include <asterisk/stasis_channels.h>
#include <asterisk/stringfields.h>
#include <asterisk/taskprocessor.h>

#define BUCKETS 251
/* As many as the manager interface lets wait: while the users are read, what is told of them waits. */
#define MOST_WAITING (6 * AST_TASKPROCESSOR_HIGH_WATER_LEVEL)

struct call {
    AST_DECLARE_STRING_FIELDS(
        AST_STRING_FIELD(uniqueid);
        AST_STRING_FIELD(device);
    );
};

AO2_STRING_FIELD_HASH_FN(call, uniqueid)
AO2_STRING_FIELD_CMP_FN(call, uniqueid)

static struct ao2_container *calls; /* by the id of the channel; its lock also orders events and the first look */
static struct stasis_subscription *watch;
static void (*tell)(const char *device);

static void call_destroy(void *object)
{
    struct call *call = object;
    ast_string_field_free_memory(call);
}

static struct call *call_new(const char *uniqueid, const char *device)
{
    struct call *call = ao2_alloc_options(sizeof *call, call_destroy, AO2_ALLOC_OPT_LOCK_NOLOCK);
    if (call != NULL
        && (ast_string_field_init(call, 64) != 0 || ast_string_field_set(call, uniqueid, uniqueid) != 0
            || ast_string_field_set(call, device, device) != 0)) {
        ao2_ref(call, -1);
        return NULL;
    }
    return call;
}

/* Its person talks with somebody (in a bridge: also who is on hold, parked, first in a conference), or has dialled and waits for somebody. A
 * phone that rings (RINGING) is in no call yet. What Asterisk answers by itself is none: feature codes, voice mail, announcements. Nothing of
 * it shows in Teams, and told of such a "call" the library would pass by a call that Teams shows. */
static int is_call(const struct ast_channel_snapshot *channel)
{
    static const char *const waiting[] = { "Dial", "RetryDial", "Queue", "FollowMe" };
    size_t i;
    if ((channel->state != AST_STATE_UP && channel->state != AST_STATE_RING) || ast_test_flag(&channel->flags, AST_FLAG_DEAD))
        return 0;
    for (i = 0; i < ARRAY_LEN(waiting); i++)
        if (strcasecmp(channel->dialplan->appl, waiting[i]) == 0)
            return 1;
    return channel->bridge->id[0] != '\0';
}

/* PJSIP/101-0000002a is a channel of PJSIP/101. While a transfer swaps two channels their names have more in front or behind; then they
 * are nobody's, until the next event gives them their names. */
static void device_of(const char *channel, char *device, size_t size)
{
    char *dash;
    ast_copy_string(device, channel, size);
    dash = strrchr(device, '-');
    if (dash != NULL)
        *dash = '\0';
}

/* The channel is as told; answers the devices whose calls may have changed by that, in `before` and `now`. Under the lock. */
static void take(const struct ast_channel_snapshot *channel, char *before, char *now, size_t size)
{
    struct call *call = ao2_find(calls, channel->base->uniqueid, OBJ_SEARCH_KEY | OBJ_NOLOCK);
    before[0] = now[0] = '\0';
    if (call != NULL)
        ast_copy_string(before, call->device, size);
    if (is_call(channel))
        device_of(channel->base->name, now, size);
    if (strcmp(before, now) != 0) {
        if (call != NULL)
            ao2_unlink_flags(calls, call, OBJ_NOLOCK);
        ao2_cleanup(call);
        call = now[0] != '\0' ? call_new(channel->base->uniqueid, now) : NULL;
        if (call == NULL || !ao2_link_flags(calls, call, OBJ_NOLOCK))
            now[0] = '\0';
    } else {
        before[0] = now[0] = '\0';
    }
    ao2_cleanup(call);
}

static void on_message(void *data, struct stasis_subscription *subscription, struct stasis_message *message)
{
    char before[AST_CHANNEL_NAME], now[AST_CHANNEL_NAME];
    const struct ast_channel_snapshot_update *update;
    if (stasis_message_type(message) != ast_channel_snapshot_type())
        return;
    update = stasis_message_data(message);
    ao2_lock(calls);
    take(update->new_snapshot, before, now, sizeof now);
    ao2_unlock(calls);
    if (before[0] != '\0')
        tell(before);
    if (now[0] != '\0')
        tell(now);
}

/* What Asterisk's cache holds is never older than an event that has been handled here. */
static int look_around(void)
{
    char before[AST_CHANNEL_NAME], now[AST_CHANNEL_NAME];
    struct ao2_container *channels;
    struct ao2_iterator all;
    struct ast_channel_snapshot *channel;
    ao2_lock(calls);
    channels = ast_channel_cache_all();
    if (channels != NULL) {
        all = ao2_iterator_init(channels, 0);
        for (; (channel = ao2_iterator_next(&all)) != NULL; ao2_ref(channel, -1))
            take(channel, before, now, sizeof now);
        ao2_iterator_destroy(&all);
    }
    ao2_unlock(calls);
    ao2_cleanup(channels);
    return channels != NULL ? 0 : -1;
}

int teams_calls_open(void (*changed)(const char *device))
{
    tell = changed;
    calls = ao2_container_alloc_hash(AO2_ALLOC_OPT_LOCK_MUTEX, 0, BUCKETS, call_hash_fn, NULL, call_cmp_fn);
    watch = calls != NULL ? teams_host_watch(ast_channel_topic_all(), ast_channel_snapshot_type(), on_message, MOST_WAITING) : NULL;
    if (watch == NULL || look_around() != 0) {
        teams_calls_close();
        return -1;
    }
    return 0;
}

void teams_calls_close(void)
{
    if (watch != NULL)
        stasis_unsubscribe_and_join(watch);
    watch = NULL;
    ao2_cleanup(calls);
    calls = NULL;
}

int teams_calls_is_one_of(const char *device, const char *devices)
{
    char *rest = ast_strdupa(devices), *one;
    while ((one = strsep(&rest, "&")) != NULL)
        if (strcasecmp(ast_strip(one), device) == 0)
            return 1;
    return 0;
}

static int matches(void *object, void *devices, int flags)
{
    const struct call *call = object;
    return teams_calls_is_one_of(call->device, devices) ? CMP_MATCH | CMP_STOP : 0;
}

int teams_calls_any(const char *devices)
{
    struct call *call = ao2_callback(calls, 0, matches, (void *)devices);
    ao2_cleanup(call);
    return call != NULL;
}
