/*
 * teams_presence_sync.hpp - the C++17 face of teams_presence_sync.h. Header only. Licence: MIT OR Apache-2.0.
 *
 * What a call means, what it may answer, whether it blocks and on which threads it is allowed stands in the C header; here stands what is
 * different in C++.
 *
 *   #include <teams_presence_sync.hpp>
 *
 *   tps::Callbacks callbacks;
 *   callbacks.on_dnd = [&](const tps::DndChange &change) {
 *     return phones.switch_dnd(change.user_id(), change.on()) ? tps::Answer::applied : tps::Answer::retry;
 *   };
 *   tps::Result<tps::Sync> made = tps::Sync::create(config, std::move(callbacks));
 *   if (!made) return complain(made.status().text());
 *   tps::Sync sync = std::move(*made);
 *   if (tps::Status status = sync.set_users(users); !status) return complain(status.text());
 *   if (tps::Status status = sync.start(); !status) return complain(status.text());
 *   ...
 *   if (!sync.close(std::chrono::seconds(5))) ...  // before anything that a callback captured by reference ends
 *
 * Errors come as answers, never as exceptions, so it compiles with -fno-exceptions too; Status::or_throw() and Result::value() throw
 * tps::Error for those who prefer that. The only exception of its own beside is std::bad_alloc.
 *
 * An exception that leaves a callback ends here: Callbacks::on_exception is told, and a change counts as Answer::retry. It never reaches
 * the library. What must not leave a callback in C++ either: longjmp and pthread_exit.
 */
#ifndef TEAMS_PRESENCE_SYNC_HPP
#define TEAMS_PRESENCE_SYNC_HPP

#include <teams_presence_sync.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__cpp_exceptions)
#define TPS_HPP_TRY try
#define TPS_HPP_CATCH_ALL catch (...)
#else
#define TPS_HPP_TRY if constexpr (true)
#define TPS_HPP_CATCH_ALL else
#endif

namespace tps {

/** What a call answered: a tps_status and, where the call has one, the sentence of its `err`. */
class [[nodiscard]] Status {
 public:
  Status(tps_status code = TPS_OK, std::string text = {}) : code_(code), text_(std::move(text)) {}  // NOLINT: wanted as a conversion

  explicit operator bool() const noexcept { return code_ == TPS_OK; }
  tps_status code() const noexcept { return code_; }
  /** For instance "TPS_E_STATE". */
  const char *name() const noexcept { return tps_status_name(code_); }
  /** The sentence; the name where the call has none. */
  std::string text() const { return text_.empty() ? std::string(name()) : text_; }
  /** Throws tps::Error unless it is TPS_OK. */
  void or_throw() const;

 private:
  tps_status code_;
  std::string text_;
};

/** A status as an exception. Thrown by or_throw() and value() only. */
class Error : public std::runtime_error {
 public:
  explicit Error(const Status &status) : std::runtime_error(std::string(status.name()) + ": " + status.text()), code_(status.code()) {}
  tps_status code() const noexcept { return code_; }

 private:
  tps_status code_;
};

inline void Status::or_throw() const {
#if defined(__cpp_exceptions)
  if (code_ != TPS_OK) throw Error(*this);
#else
  if (code_ != TPS_OK) std::terminate();
#endif
}

/** A value, or why there is none. */
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                // NOLINT: wanted as a conversion
  Result(Status status) : status_(std::move(status)) {}        // NOLINT: wanted as a conversion

  explicit operator bool() const noexcept { return value_.has_value(); }
  const Status &status() const noexcept { return status_; }
  /** Only where there is a value. */
  T &operator*() noexcept { return *value_; }
  const T &operator*() const noexcept { return *value_; }
  T *operator->() noexcept { return &*value_; }
  const T *operator->() const noexcept { return &*value_; }
  /** Throws tps::Error where there is none. */
  T &value() & { return status_.or_throw(), *value_; }
  T &&value() && { return status_.or_throw(), std::move(*value_); }

 private:
  std::optional<T> value_;
  Status status_;
};

/** TPS_ACK_*. */
enum class Answer : std::int32_t {
  applied = TPS_ACK_APPLIED,
  retry = TPS_ACK_RETRY,
  pending = TPS_ACK_PENDING,
  already = TPS_ACK_ALREADY,
  gone = TPS_ACK_GONE
};

namespace detail {
inline std::string_view view(const char *text) noexcept { return text == nullptr ? std::string_view() : std::string_view(text); }
inline std::optional<std::string_view> maybe(const char *text) noexcept {
  return text == nullptr ? std::nullopt : std::optional<std::string_view>(text);
}
}  // namespace detail

/** tps_presence. This and the other arguments of callbacks are views: they live, with all their texts, as long as the callback. */
class Presence {
 public:
  explicit Presence(const tps_presence &c) noexcept : c_(&c) {}
  std::string_view user_id() const noexcept { return detail::view(c_->user_id); }
  std::optional<std::string_view> email() const noexcept { return detail::maybe(c_->email); }
  std::string_view entra_object_id() const noexcept { return detail::view(c_->entra_object_id); }
  std::string_view availability_text() const noexcept { return detail::view(c_->availability_text); }
  std::string_view activity_text() const noexcept { return detail::view(c_->activity_text); }
  /** TPS_AVAILABILITY_*, TPS_ACTIVITY_*, TPS_SOURCE_*. */
  std::int32_t availability() const noexcept { return c_->availability; }
  std::int32_t activity() const noexcept { return c_->activity; }
  std::int32_t source() const noexcept { return c_->source; }
  bool out_of_office() const noexcept { return c_->out_of_office != 0; }
  std::int64_t observed_at_ms() const noexcept { return c_->observed_at_ms; }
  const tps_presence &c() const noexcept { return *c_; }

 private:
  const tps_presence *c_;
};

/** What tps_dnd_change and tps_chat_change have in common. */
template <class C>
class Change {
 public:
  explicit Change(const C &c) noexcept : c_(&c) {}
  /** For Ref::acknowledge after Answer::pending. */
  std::uint64_t change_id() const noexcept { return c_->change_id; }
  std::string_view user_id() const noexcept { return detail::view(c_->user_id); }
  std::optional<std::string_view> email() const noexcept { return detail::maybe(c_->email); }
  std::optional<Presence> presence() const noexcept {
    return c_->presence == nullptr ? std::nullopt : std::optional<Presence>(*c_->presence);
  }
  std::int64_t decided_at_ms() const noexcept { return c_->decided_at_ms; }
  /** TPS_REASON_*. */
  std::int32_t reason() const noexcept { return c_->reason; }
  /** 1 for the first offer of this value. */
  std::uint32_t attempt() const noexcept { return c_->attempt; }
  const C &c() const noexcept { return *c_; }

 private:
  const C *c_;
};

/** tps_dnd_change. */
class DndChange : public Change<tps_dnd_change> {
 public:
  using Change::Change;
  /** TPS_DND_*. */
  std::int32_t dnd() const noexcept { return c().dnd; }
  bool on() const noexcept { return c().dnd == TPS_DND_ON; }
};

/** tps_chat_change. */
class ChatChange : public Change<tps_chat_change> {
 public:
  using Change::Change;
  /** TPS_CHAT_*. */
  std::int32_t chat_state() const noexcept { return c().chat_state; }
};

/** tps_event. */
class Event {
 public:
  explicit Event(const tps_event &c) noexcept : c_(&c) {}
  /** TPS_EVENT_*, TPS_SEVERITY_*. */
  std::int32_t code() const noexcept { return c_->code; }
  std::int32_t severity() const noexcept { return c_->severity; }
  std::optional<std::string_view> user_id() const noexcept { return detail::maybe(c_->user_id); }
  std::string_view message() const noexcept { return detail::view(c_->message); }
  std::string_view remedy() const noexcept { return detail::view(c_->remedy); }
  std::string_view json() const noexcept { return std::string_view(c_->json, c_->json_len); }
  std::int64_t at_ms() const noexcept { return c_->at_ms; }
  const tps_event &c() const noexcept { return *c_; }

 private:
  const tps_event *c_;
};

/** A line of on_log. */
struct LogLine {
  std::int32_t level; /* TPS_LOG_* */
  std::string_view target;
  std::string_view message;
};

/**
 * tps_callbacks. One that is left empty is NULL in C: nothing is told, and a change counts as applied (on_queue_dnd: is not asked for).
 *
 * Callbacks of one instance never overlap, but for on_abandoned. They live on the heap until the library has let go of them, so moving the
 * Sync moves nothing under a callback. Whatever they captured by reference must outlive Sync::close.
 */
struct Callbacks {
  std::function<Answer(const DndChange &)> on_dnd;
  std::function<Answer(const ChatChange &)> on_chat_state;
  std::function<Answer(const DndChange &)> on_queue_dnd;
  std::function<void(const Presence &)> on_presence;
  std::function<void(const Event &)> on_event;
  std::function<void(const LogLine &)> on_log;
  std::function<void(std::string_view name)> on_thread_start;
  std::function<void(std::string_view name)> on_thread_stop;
  /** The very last one. These functions themselves are destroyed right after it. */
  std::function<void()> on_released;
  /** An exception left the callback of this name ("on_dnd"). On the thread of that callback. What this one throws is dropped. */
  std::function<void(const char *callback, std::exception_ptr)> on_exception;
  /** The destructor of Sync gave up; see there. On its thread, beside the callback that hangs. */
  std::function<void(const Status &why, bool a_callback_runs)> on_abandoned;
};

/** tps_user. */
struct User {
  std::string user_id;
  std::string email{};           /* "" if there is none */
  std::string entra_object_id{}; /* "" if not known */
  std::string rule_set{};        /* "" for the default rules */
  std::int32_t host_dnd = 0;       /* TPS_HOST_DND_*, 0 = not said */
  std::int32_t host_queue_dnd = 0; /* likewise */
};

/** What to answer to the client that posted a notification. */
struct HttpAnswer {
  std::int32_t status;
  std::string body; /* text/plain; empty but with 200 */
};

namespace detail {

using Milliseconds = std::chrono::milliseconds;

inline std::int32_t milliseconds(Milliseconds time) noexcept {
  return time.count() < 0 ? -1 : time.count() > INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(time.count());
}

/** The callbacks behind `user_data`, and whether they may still be called. Freed by on_released and by nothing else. */
class Host {
 public:
  explicit Host(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  tps_callbacks table() noexcept {
    tps_callbacks table = TPS_CALLBACKS_INIT;
    table.user_data = this;
    if (callbacks_.on_dnd) table.on_dnd = [](void *self, const tps_dnd_change *change) noexcept -> std::int32_t {
      return of(self).ask("on_dnd", [&](Host &host) { return host.callbacks_.on_dnd(DndChange(*change)); });
    };
    if (callbacks_.on_chat_state) table.on_chat_state = [](void *self, const tps_chat_change *change) noexcept -> std::int32_t {
      return of(self).ask("on_chat_state", [&](Host &host) { return host.callbacks_.on_chat_state(ChatChange(*change)); });
    };
    if (callbacks_.on_queue_dnd) table.on_queue_dnd = [](void *self, const tps_dnd_change *change) noexcept -> std::int32_t {
      return of(self).ask("on_queue_dnd", [&](Host &host) { return host.callbacks_.on_queue_dnd(DndChange(*change)); });
    };
    if (callbacks_.on_presence) table.on_presence = [](void *self, const tps_presence *presence) noexcept {
      of(self).tell("on_presence", [&](Host &host) { host.callbacks_.on_presence(Presence(*presence)); });
    };
    if (callbacks_.on_event) table.on_event = [](void *self, const tps_event *event) noexcept {
      of(self).tell("on_event", [&](Host &host) { host.callbacks_.on_event(Event(*event)); });
    };
    if (callbacks_.on_log)
      table.on_log = [](void *self, std::int32_t level, const char *target, const char *message, std::size_t len) noexcept {
        of(self).tell("on_log", [&](Host &host) { host.callbacks_.on_log(LogLine{level, view(target), {message, len}}); });
      };
    if (callbacks_.on_thread_start) table.on_thread_start = [](void *self, const char *name) noexcept {
      of(self).tell("on_thread_start", [&](Host &host) { host.callbacks_.on_thread_start(view(name)); });
    };
    if (callbacks_.on_thread_stop) table.on_thread_stop = [](void *self, const char *name) noexcept {
      of(self).tell("on_thread_stop", [&](Host &host) { host.callbacks_.on_thread_stop(view(name)); });
    };
    table.on_released = [](void *self) noexcept {
      std::unique_ptr<Host> last(&of(self));
      if (last->released_ != nullptr) *last->released_ = true;
      if (last->callbacks_.on_released) last->tell("on_released", [](Host &host) { host.callbacks_.on_released(); });
    };
    return table;
  }

  /** Until it is told nullptr: set to true when on_released has come. */
  void watch(bool *released) noexcept { released_ = released; }

  /** From now on no function of the host is begun. Tells whether one is running. */
  void abandon(const Status &why) noexcept {
    bool running = (state_.fetch_or(abandoned) & inside) != 0;
    if (!callbacks_.on_abandoned) return;
    TPS_HPP_TRY { callbacks_.on_abandoned(why, running); }
    TPS_HPP_CATCH_ALL { report("on_abandoned"); }
  }

 private:
  static constexpr int inside = 1, abandoned = 2;

  static Host &of(void *self) noexcept { return *static_cast<Host *>(self); }

  template <class Call>
  std::int32_t ask(const char *name, Call call) noexcept {
    Answer answer = Answer::retry;
    tell(name, [&](Host &host) { answer = call(host); });
    return static_cast<std::int32_t>(answer);
  }

  template <class Call>
  void tell(const char *name, Call call) noexcept {
    if ((state_.fetch_or(inside) & abandoned) == 0) {
      TPS_HPP_TRY { call(*this); }
      TPS_HPP_CATCH_ALL { report(name); }
    }
    state_.fetch_and(~inside);
  }

  void report(const char *name) noexcept {
#if defined(__cpp_exceptions)
    try {
      if (callbacks_.on_exception) callbacks_.on_exception(name, std::current_exception());
    } catch (...) {
    }
#else
    static_cast<void>(name);
#endif
  }

  Callbacks callbacks_;
  std::atomic<int> state_{0};
  bool *released_ = nullptr;
};

/** Room for `err`, and the status with what was written there. */
class Sentence {
 public:
  char *room() noexcept { return text_; }
  std::size_t size() const noexcept { return sizeof text_; }
  Status with(tps_status code) const { return code == TPS_OK ? Status() : Status(code, text_); }

 private:
  char text_[1024] = {0};
};

inline bool holds_nul(const std::string &text) noexcept { return text.find('\0') != std::string::npos; }
inline Status nul_in(const std::string &name) { return Status(TPS_E_INVALID_ARG, name + ": holds a NUL byte"); }
inline const char *null_if_empty(const std::string &text) noexcept { return text.empty() ? nullptr : text.c_str(); }

/** Users as C has them; they point into the ones given. */
class UserArray {
 public:
  UserArray(const User *users, std::size_t count) {
    users_.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
      const User &user = users[index];
      const std::pair<const char *, const std::string &> texts[] = {
          {"user_id", user.user_id}, {"email", user.email}, {"entra_object_id", user.entra_object_id}, {"rule_set", user.rule_set}};
      for (const auto &[name, text] : texts)
        if (holds_nul(text) && status_) status_ = nul_in("users[" + std::to_string(index) + "]." + name);
      tps_user c = TPS_USER_INIT;
      c.user_id = user.user_id.c_str();
      c.email = null_if_empty(user.email);
      c.entra_object_id = null_if_empty(user.entra_object_id);
      c.rule_set = null_if_empty(user.rule_set);
      c.host_dnd = user.host_dnd;
      c.host_queue_dnd = user.host_queue_dnd;
      users_.push_back(c);
    }
  }
  const Status &status() const noexcept { return status_; }
  const tps_user *data() const noexcept { return users_.data(); }
  std::size_t size() const noexcept { return users_.size(); }

 private:
  std::vector<tps_user> users_;
  Status status_;
};

/** A call that fills a buffer, until it is large enough. */
template <class Call>
Result<std::string> text_of(Call call) {
  std::string room(1023, '\0');
  for (;;) {
    std::size_t len = room.size() + 1;  // a std::string has room for the NUL
    tps_status status = call(room.data(), &len);
    if (status == TPS_E_TOO_SMALL) {
      room.resize(len);
      continue;
    }
    if (status != TPS_OK) return Status(status);
    room.resize(len == 0 ? 0 : len - 1);
    return room;
  }
}

}  // namespace detail

/**
 * An instance that somebody else owns: a copy is a number. It may outlive the instance and be used on any thread; its calls then answer
 * TPS_E_HANDLE. The right thing to capture in a job that acknowledges later, and in callbacks. Texts with a NUL byte are refused.
 */
class Ref {
 public:
  /** No instance: every call answers TPS_E_HANDLE. */
  Ref() noexcept = default;
  explicit Ref(tps_sync *sync) noexcept : sync_(sync) {}

  Status start() const {
    detail::Sentence err;
    return err.with(tps_start(sync_, err.room(), err.size()));
  }
  Status reload(std::string_view config_json) const {
    detail::Sentence err;
    return err.with(tps_reload(sync_, config_json.data(), config_json.size(), err.room(), err.size()));
  }
  Status set_enabled(bool enabled) const { return tps_set_enabled(sync_, enabled ? 1 : 0); }
  /** TPS_OK: no callback runs, none will run until the next start. */
  Status stop(std::chrono::milliseconds timeout) const { return tps_stop(sync_, detail::milliseconds(timeout)); }

  Status set_users(const User *users, std::size_t count) const {
    detail::UserArray array(users, count);
    if (!array.status()) return array.status();
    detail::Sentence err;
    return err.with(tps_set_users(sync_, array.data(), array.size(), err.room(), err.size()));
  }
  Status set_users(const std::vector<User> &users) const { return set_users(users.data(), users.size()); }
  Status put_user(const User &user) const {
    detail::UserArray array(&user, 1);
    if (!array.status()) return array.status();
    detail::Sentence err;
    return err.with(tps_put_user(sync_, array.data(), err.room(), err.size()));
  }
  Status remove_user(const std::string &user_id) const {
    return named("user_id", user_id, [&](const char *id) { return tps_remove_user(sync_, id); });
  }

  Status acknowledge(std::uint64_t change_id, Answer result) const {
    return tps_acknowledge(sync_, change_id, static_cast<std::int32_t>(result));
  }
  /** `origin` is TPS_REPORT_SEEN or TPS_REPORT_PERSON. */
  Status report_dnd(const std::string &user_id, bool on, std::int32_t origin) const {
    return named("user_id", user_id, [&](const char *id) { return tps_report_dnd(sync_, id, on ? 1 : 0, origin); });
  }
  Status report_queue(const std::string &user_id, bool on, std::int32_t origin) const {
    return named("user_id", user_id, [&](const char *id) { return tps_report_queue(sync_, id, on ? 1 : 0, origin); });
  }
  Status report_call(const std::string &user_id, bool in_call) const {
    return named("user_id", user_id, [&](const char *id) { return tps_report_call(sync_, id, in_call ? 1 : 0); });
  }
  /** All, and the directory too. */
  Status refresh() const { return tps_refresh(sync_, nullptr); }
  Status refresh(const std::string &user_id) const {
    return named("user_id", user_id, [&](const char *id) { return tps_refresh(sync_, id); });
  }
  Result<HttpAnswer> deliver_notification(std::string_view query, std::string_view body) const {
    HttpAnswer answer{503, {}};
    Result<std::string> reply = detail::text_of([&](char *room, std::size_t *len) {
      return tps_deliver_notification(sync_, query.data(), query.size(), body.data(), body.size(), &answer.status, room, len);
    });
    if (!reply) return reply.status();
    if (answer.status == 200) answer.body = std::move(*reply);
    return answer;
  }

  /** `account`: "" is that of `auth`. */
  Status sign_in(const std::string &account = {}) const {
    return named("account", account, [&](const char *name) { return tps_sign_in(sync_, name); });
  }
  Status sign_out(const std::string &account = {}) const {
    return named("account", account, [&](const char *name) { return tps_sign_out(sync_, name); });
  }

  Result<tps_state> get_state(const std::string &user_id_or_email) const {
    tps_state state = TPS_STATE_INIT;
    Status status =
        named("user_id_or_email", user_id_or_email, [&](const char *who) { return tps_get_state(sync_, who, &state); });
    if (!status) return status;
    return state;
  }
  /** JSON: the matching report. */
  Result<std::string> explain() const {
    return detail::text_of([&](char *room, std::size_t *len) { return tps_explain(sync_, nullptr, room, len); });
  }
  /** JSON: why one user stands as he does. */
  Result<std::string> explain(const std::string &user_id) const {
    if (detail::holds_nul(user_id)) return detail::nul_in("user_id");
    return detail::text_of([&](char *room, std::size_t *len) { return tps_explain(sync_, user_id.c_str(), room, len); });
  }
  /** JSON. */
  Result<std::string> stats() const {
    return detail::text_of([&](char *room, std::size_t *len) { return tps_stats(sync_, room, len); });
  }

  /** The library's: neither read nor close it. */
  Result<int> event_fd() const { return counted(tps_event_fd(sync_)); }
  /** How many callbacks ran. */
  Result<int> dispatch(std::chrono::milliseconds timeout, std::uint32_t max_events = 0) const {
    return counted(tps_dispatch(sync_, detail::milliseconds(timeout), max_events));
  }
  Status set_log_level(std::int32_t level) const { return tps_set_log_level(sync_, level); }

  /** For calls of the C header; nullptr where there is no instance. */
  tps_sync *get() const noexcept { return sync_; }

 protected:
  tps_sync *sync_ = nullptr;

 private:
  static Result<int> counted(std::int32_t answer) {
    if (answer < 0) return Status(answer);
    return static_cast<int>(answer);
  }
  template <class Call>
  static Status named(const char *name, const std::string &text, Call call) {
    if (detail::holds_nul(text)) return detail::nul_in(name);
    return Status(call(text.c_str()));
  }
};

/**
 * An instance, owned. Moved, not copied; one that was moved from, or closed, is no instance. Its calls may come from any thread; to move,
 * close and destroy it is for one thread, while others use a ref().
 *
 * The destructor is close() with the time of set_close_timeout (5 s). Where that does not come to TPS_OK, because a callback or a disk
 * hangs, or because it runs inside a callback, it gives up: the instance stays as it is, stopping and owned by nobody, for the rest of the
 * process. From then on no callback begins (changes are answered Answer::retry); one that is running goes on, and what it captured must
 * stay alive. on_abandoned tells this, and whether one runs; a host that cannot bear it ends the process there. Nothing is ever freed under
 * a callback. A host that wants to wait longer calls close() itself, as often as it likes.
 *
 * In a forked child the destructor only forgets.
 */
class Sync : public Ref {
 public:
  /** No instance. */
  Sync() noexcept = default;

  static Result<Sync> create(std::string_view config_json, Callbacks callbacks) {
    detail::Sentence err;
    auto host = std::make_unique<detail::Host>(std::move(callbacks));
    tps_callbacks table = host->table();
    Sync sync;
    bool released = false;
    host->watch(&released);
    tps_status status = tps_create(config_json.data(), config_json.size(), &table, &sync.sync_, err.room(), err.size());
    // on_released frees it, also where the call fails; but a library of another major does not even read the callbacks.
    if (released) static_cast<void>(host.release());
    if (status != TPS_OK) return err.with(status);
    host->watch(nullptr);
    sync.host_ = host.release();
    return sync;
  }

  Sync(Sync &&other) noexcept { swap(other); }
  Sync &operator=(Sync &&other) noexcept {
    Sync(std::move(other)).swap(*this);
    return *this;
  }
  Sync(const Sync &) = delete;
  Sync &operator=(const Sync &) = delete;

  ~Sync() {
    if (sync_ == nullptr) return;
    detail::Host *host = host_;
    tps_status status = end(detail::milliseconds(close_timeout_));
    // Destroyed already by a C call, or inherited through fork: not ours any more.
    if (status == TPS_OK || status == TPS_E_HANDLE || status == TPS_E_FORKED) return;
    TPS_HPP_TRY { host->abandon(Status(status)); }
    TPS_HPP_CATCH_ALL {}
  }

  /**
   * Stops and destroys. TPS_OK: no callback runs or will run, and the callbacks are freed. Any other answer (TPS_E_TIMEOUT: a callback or a
   * disk hangs; TPS_E_REENTRANT: called inside a callback): nothing was freed, call again.
   */
  Status close(std::chrono::milliseconds timeout) { return end(detail::milliseconds(timeout)); }

  /** How long the destructor waits. In `poll` mode it runs the remaining callbacks itself. */
  void set_close_timeout(std::chrono::milliseconds timeout) noexcept { close_timeout_ = timeout; }

  Ref ref() const noexcept { return Ref(sync_); }

  void swap(Sync &other) noexcept {
    std::swap(sync_, other.sync_);
    std::swap(host_, other.host_);
    std::swap(close_timeout_, other.close_timeout_);
  }

 private:
  tps_status end(std::int32_t timeout) noexcept {
    tps_status status = tps_stop(sync_, timeout);
    if (status == TPS_OK) status = tps_destroy(sync_);
    if (status == TPS_OK) forget();
    return status;
  }
  void forget() noexcept {
    sync_ = nullptr;
    host_ = nullptr;
  }

  detail::Host *host_ = nullptr;
  std::chrono::milliseconds close_timeout_ = std::chrono::seconds(5);
};

/**
 * Tries all that an instance would need; the sink gets one JSON object a call. An exception of the sink ends the telling and comes out of
 * this call, once the library has returned.
 */
template <class Sink>
Status check(std::string_view config_json, const std::vector<User> &users, std::chrono::milliseconds timeout, Sink sink) {
  detail::UserArray array(users.data(), users.size());
  if (!array.status()) return array.status();
  struct Context {
    Sink &sink;
    std::exception_ptr thrown;
  } context{sink, nullptr};
  tps_text_fn tell = [](void *with, const char *text, std::size_t len) noexcept {
    Context &to = *static_cast<Context *>(with);
    if (to.thrown != nullptr) return;
    TPS_HPP_TRY { to.sink(std::string_view(text, len)); }
    TPS_HPP_CATCH_ALL { to.thrown = std::current_exception(); }
  };
  tps_status status = tps_check(config_json.data(), config_json.size(), array.data(), array.size(), detail::milliseconds(timeout), tell,
                                &context);
#if defined(__cpp_exceptions)
  if (context.thrown != nullptr) std::rethrow_exception(context.thrown);
#endif
  return status;
}

/** The release of the library that is loaded, for logs. */
inline std::string_view version() noexcept { return tps_version(); }

/** Whether the library that is loaded has everything that this header was compiled with. */
inline bool compatible() noexcept {
  std::uint32_t have = tps_abi_version();
  return have >> 16 == TPS_ABI_VERSION >> 16 && have >= TPS_ABI_VERSION;
}

}  // namespace tps

#undef TPS_HPP_TRY
#undef TPS_HPP_CATCH_ALL

#endif /* TEAMS_PRESENCE_SYNC_HPP */
