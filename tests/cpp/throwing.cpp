// Exceptions that leave a callback end in the wrapper: they are told, a change counts as RETRY, the library and the process go on.
#include <atomic>

#include "cpp_support.hpp"

namespace {

std::string what(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception &error) {
    return error.what();
  } catch (int number) {
    return std::to_string(number);
  } catch (...) {
    return "?";
  }
}

void every_callback_may_throw() {
  set_presence("ann", "Busy", "InACall");
  Notebook notes;
  std::atomic<int> dnd_offers{0}, chat_offers{0};
  tps::Callbacks callbacks;
  callbacks.on_dnd = [&](const tps::DndChange &change) -> tps::Answer {
    if (!change.on()) return tps::Answer::applied;  // the release, as it stops
    ++dnd_offers;
    if (change.attempt() == 1) throw std::runtime_error("no line to the exchange");
    return tps::Answer::applied;
  };
  callbacks.on_chat_state = [&](const tps::ChatChange &change) -> tps::Answer {
    if (change.chat_state() != TPS_CHAT_DND) return tps::Answer::applied;
    ++chat_offers;
    if (change.attempt() == 1) throw 4711;
    return tps::Answer::applied;
  };
  callbacks.on_presence = [](const tps::Presence &) { throw std::logic_error("presence"); };
  callbacks.on_event = [](const tps::Event &) { throw std::string("event"); };
  callbacks.on_log = [](const tps::LogLine &) { throw std::bad_alloc(); };
  callbacks.on_thread_start = [](std::string_view) { throw std::runtime_error("start"); };
  callbacks.on_thread_stop = [](std::string_view) { throw std::runtime_error("stop"); };
  callbacks.on_released = [] { throw std::runtime_error("released"); };
  callbacks.on_exception = [&](const char *callback, std::exception_ptr thrown) {
    notes.write(std::string(callback) + ": " + what(thrown));
    throw std::runtime_error("and this one too");
  };
  tps::Sync sync = must(tps::Sync::create(configuration(FAST ",\"log\":{\"level\":\"trace\"}"), std::move(callbacks)));
  sync.put_user({"101", "ann@contoso.test"}).or_throw();
  sync.start().or_throw();
  // The first offers were refused by an exception, the second ones taken.
  WAIT(must(sync.get_state("101")).dnd_owned == 1, 20000);
  WAIT(must(sync.get_state("101")).chat_acknowledged == TPS_CHAT_DND, 20000);
  CHECK(dnd_offers == 2 && chat_offers == 2);
  WAIT(notes.has("on_event: ?"), 20000);
  CHECK(is(sync.close(long_enough), TPS_OK));
  for (const char *line : {"on_thread_start: start", "on_log: std::bad_alloc", "on_presence: presence",
                           "on_dnd: no line to the exchange", "on_chat_state: 4711", "on_thread_stop: stop", "on_released: released"})
    if (!notes.has(line)) check_fail(__FILE__, __LINE__, "not told: %s", line);
  SAME(notes.count("on_dnd"), 1);
}

/// Nobody asked to be told: it is caught all the same.
void without_on_exception() {
  set_presence("ann", "Busy", "InACall");
  std::atomic<int> offers{0};
  tps::Callbacks callbacks;
  callbacks.on_dnd = [&](const tps::DndChange &) -> tps::Answer {
    if (++offers < 2) throw std::runtime_error("not yet");
    return tps::Answer::applied;
  };
  tps::Sync sync = must(tps::Sync::create(configuration(FAST), std::move(callbacks)));
  sync.put_user({"101", "ann@contoso.test"}).or_throw();
  sync.start().or_throw();
  WAIT(must(sync.get_state("101")).dnd_owned == 1, 20000);
  // What the destructor does at its end, said aloud: `offers` is gone after it.
  CHECK(is(sync.close(long_enough), TPS_OK));
  CHECK(offers >= 2);
}

/// In poll mode the callback runs on the thread that dispatches: it is not thrown out of dispatch either.
void in_poll_mode() {
  set_presence("ann", "Busy", "InACall");
  std::atomic<int> told{0};
  tps::Callbacks callbacks;
  callbacks.on_presence = [](const tps::Presence &) { throw std::runtime_error("presence"); };
  callbacks.on_exception = [&](const char *, std::exception_ptr) { ++told; };
  tps::Sync sync = must(tps::Sync::create(configuration(FAST ",\"dispatch\":{\"mode\":\"poll\"}"), std::move(callbacks)));
  sync.put_user({"101", "ann@contoso.test"}).or_throw();
  sync.start().or_throw();
  std::int64_t end = now_ms() + patience(20000);
  while (told == 0 && now_ms() < end) CHECK(sync.dispatch(std::chrono::milliseconds(200)));
  CHECK(told > 0);
  CHECK(is(sync.close(long_enough), TPS_OK));
}

}  // namespace

int main() {
  every_callback_may_throw();
  without_on_exception();
  in_poll_mode();
  return check_end();
}
