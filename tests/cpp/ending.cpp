// What the destructor of Sync promises: it ends an instance, gives up where a callback hangs, and never frees anything under one.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "cpp_support.hpp"

namespace {

void it_stops_and_frees() {
  set_presence("ann", "Busy", "InACall");
  std::atomic<bool> on{false}, off{false}, released{false};
  {
    tps::Callbacks callbacks;
    callbacks.on_dnd = [&](const tps::DndChange &change) { return (change.on() ? on : off) = true, tps::Answer::applied; };
    callbacks.on_released = [&] { released = true; };
    tps::Sync sync = must(tps::Sync::create(configuration(FAST), std::move(callbacks)));
    sync.set_close_timeout(long_enough);
    sync.put_user({"101", "ann@contoso.test"}).or_throw();
    sync.start().or_throw();
    WAIT(on.load(), 20000);
  }
  CHECK(off && released);
}

/// What callbacks of an instance that is left behind may still touch: it lives to the end of the process, as the header asks for.
struct Left {
  std::atomic<bool> inside{false}, let_go{false}, came_back{false}, released{false};
  std::atomic<int> presences{0}, abandoned{0}, running{-1}, status{0};
};

void a_callback_that_hangs_is_left_behind() {
  set_presence("ann", "Busy", "InACall");
  auto left = std::make_shared<Left>();
  tps::Ref ref;
  {
    tps::Callbacks callbacks;
    callbacks.on_presence = [left](const tps::Presence &) { ++left->presences; };
    callbacks.on_dnd = [left](const tps::DndChange &) {
      left->inside = true;
      while (!left->let_go) nap_ms(2);
      left->came_back = true;
      return tps::Answer::applied;
    };
    callbacks.on_released = [left] { left->released = true; };
    callbacks.on_abandoned = [left](const tps::Status &why, bool a_callback_runs) {
      ++left->abandoned;
      left->status = why.code();
      left->running = a_callback_runs ? 1 : 0;
    };
    tps::Sync sync = must(tps::Sync::create(configuration(FAST), std::move(callbacks)));
    sync.set_close_timeout(std::chrono::milliseconds(100));
    sync.put_user({"101", "ann@contoso.test"}).or_throw();
    sync.start().or_throw();
    ref = sync.ref();
    WAIT(left->inside.load(), 20000);
    // Somebody who asks is told, and nothing has happened yet.
    CHECK(is(sync.close(std::chrono::milliseconds(50)), TPS_E_TIMEOUT));
    CHECK(sync.get() != nullptr);
    SAME(left->abandoned, 0);
  }
  SAME(left->abandoned, 1);
  SAME(left->running, 1);
  SAME(left->status, TPS_E_TIMEOUT);
  CHECK(!left->released && !left->came_back);
  // The callback comes back; the instance is stopping for good, and none of the host's functions is begun any more.
  int presences = left->presences;
  left->let_go = true;
  WAIT(left->came_back.load(), 20000);
  // Whoever kept the handle can still end it, and then the callbacks are freed.
  tps_status status = TPS_E_TIMEOUT;
  while (status == TPS_E_TIMEOUT) status = tps_stop(ref.get(), 1000);
  SAME(status, TPS_OK);
  SAME(left->presences, presences);
  SAME(left.use_count() > 1, 1);
  EXPECT(tps_destroy(ref.get()), TPS_OK);
  SAME(left.use_count(), 1);
  CHECK(!left->released);  // a function of the host, too
}

/// The last owner is a callback: stopping there would wait for itself.
void inside_a_callback() {
  set_presence("ann", "Busy", "InACall");
  auto left = std::make_shared<Left>();
  auto owner = std::make_shared<std::optional<tps::Sync>>();
  tps::Callbacks callbacks;
  callbacks.on_dnd = [left, owner](const tps::DndChange &) {
    if (*owner) {
      CHECK(is((*owner)->close(at_once), TPS_E_REENTRANT));
      owner->reset();
      left->came_back = true;
    }
    return tps::Answer::applied;
  };
  callbacks.on_abandoned = [left](const tps::Status &why, bool a_callback_runs) {
    left->status = why.code();
    left->running = a_callback_runs ? 1 : 0;
  };
  *owner = must(tps::Sync::create(configuration(FAST), std::move(callbacks)));
  tps::Ref ref = (*owner)->ref();
  ref.put_user({"101", "ann@contoso.test"}).or_throw();
  ref.start().or_throw();
  WAIT(left->came_back.load(), 20000);
  SAME(left->status, TPS_E_REENTRANT);
  SAME(left->running, 1);
  while (tps_stop(ref.get(), 1000) == TPS_E_TIMEOUT) continue;
  EXPECT(tps_destroy(ref.get()), TPS_OK);
  SAME(left.use_count(), 1);
}

/// The child inherits the object, not the instance: its destructor returns and calls nothing.
void in_a_forked_child() {
  std::atomic<int> told{0};
  tps::Callbacks callbacks;
  callbacks.on_released = [&] { ++told; };
  callbacks.on_abandoned = [&](const tps::Status &, bool) { ++told; };
  auto sync = std::make_unique<tps::Sync>(must(tps::Sync::create(CONFIG, std::move(callbacks))));
  pid_t child = fork();
  if (child == 0) {
    sync.reset();
    _exit(told == 0 ? 0 : 1);
  }
  int status = -1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  SAME(status, 0);
  sync.reset();
  SAME(told, 1);
}

}  // namespace

int main() {
  in_a_forked_child();  // while there is no other thread
  it_stops_and_frees();
  a_callback_that_hangs_is_left_behind();
  inside_a_callback();
  return check_end();
}
