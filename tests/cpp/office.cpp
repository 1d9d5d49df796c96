// A day at the simulator: every callback as a lambda, an answer that comes later from another thread, the end.
#include <atomic>
#include <thread>

#include "cpp_support.hpp"

namespace {

void in_both_modes(bool poll) {
  set_presence("ann", "Available", "Available");
  set_presence("ben", "Available", "Available");
  Notebook notes;
  std::atomic<std::uint64_t> owed{0};
  std::atomic<bool> presence_known{false};
  auto capital = std::make_unique<std::string>("DND ");  // a callback may own what cannot be copied, through a shared_ptr
  tps::Callbacks callbacks;
  callbacks.on_dnd = [&, word = std::shared_ptr<std::string>(std::move(capital))](const tps::DndChange &change) {
    notes.write(*word + std::string(change.user_id()) + (change.on() ? " on" : " off"));
    CHECK(change.dnd() == TPS_DND_ON || change.dnd() == TPS_DND_OFF);
    CHECK(change.email().value_or("?") == std::string(change.user_id() == "101" ? "ann" : "ben") + "@contoso.test");
    CHECK(change.reason() != 0 && change.attempt() >= 1 && change.decided_at_ms() > 0);
    if (change.presence()) presence_known = change.presence()->user_id() == change.user_id();
    if (change.user_id() != "101" || !change.on()) return tps::Answer::applied;
    owed = change.change_id();
    return tps::Answer::pending;
  };
  callbacks.on_chat_state = [&](const tps::ChatChange &change) {
    notes.write("chat " + std::string(change.user_id()) + " " + std::to_string(change.chat_state()));
    return tps::Answer::applied;
  };
  callbacks.on_queue_dnd = [&](const tps::DndChange &change) {
    notes.write("queue " + std::string(change.user_id()) + (change.on() ? " on" : " off"));
    return tps::Answer::applied;
  };
  callbacks.on_presence = [&](const tps::Presence &presence) {
    CHECK(presence.availability() != 0 && presence.activity() != 0 && presence.source() == TPS_SOURCE_POLL);
    CHECK(presence.observed_at_ms() > 0 && presence.entra_object_id().size() == 36 && presence.email().has_value());
    CHECK(!presence.out_of_office());
    notes.write("presence " + std::string(presence.user_id()) + " " + std::string(presence.availability_text()) + "/" +
                std::string(presence.activity_text()));
  };
  callbacks.on_event = [&](const tps::Event &event) {
    CHECK(event.json().front() == '{' && event.json().back() == '}' && event.at_ms() > 0 && event.severity() != 0);
    CHECK(!event.message().empty());
    notes.write("event " + std::to_string(event.code()));
  };
  callbacks.on_log = [&](const tps::LogLine &line) {
    CHECK(line.level >= TPS_LOG_ERROR && line.level <= TPS_LOG_TRACE && !line.target.empty() && !line.message.empty());
    notes.write("log");
  };
  callbacks.on_thread_start = [&](std::string_view) { notes.write("thread start"); };
  callbacks.on_thread_stop = [&](std::string_view) { notes.write("thread stop"); };
  callbacks.on_released = [&] { notes.write("released"); };
  callbacks.on_exception = [&](const char *callback, std::exception_ptr) { check_fail(__FILE__, __LINE__, "%s threw", callback); };

  const char *queue = ",\"rules\":{\"list\":[{\"when\":{\"activity\":[\"InACall\"]},\"queue\":\"on\"}]},\"log\":{\"level\":\"trace\"}";
  // Long, since this machine may be slow: what is owed is answered in time.
  const char *dispatch = poll ? ",\"dispatch\":{\"mode\":\"poll\",\"ack_timeout_ms\":300000}" : ",\"dispatch\":{\"ack_timeout_ms\":300000}";
  std::string config = configuration((std::string(FAST) + queue + dispatch).c_str());
  tps::Sync sync = must(tps::Sync::create(config, std::move(callbacks)));
  // Moving an instance moves nothing under its callbacks.
  tps::Sync moved(std::move(sync));
  moved.set_users({{"101", "ann@contoso.test"}, {"102", "ben@contoso.test"}}).or_throw();
  moved.start().or_throw();

  std::atomic<bool> over{false};
  std::thread loop;
  if (poll) loop = std::thread([&over, ref = moved.ref()] {
    while (!over && ref.dispatch(std::chrono::milliseconds(100), 64)) continue;
  });
  WAIT(notes.has("chat 101 " + std::to_string(TPS_CHAT_AVAILABLE)), 20000);
  WAIT(notes.has("presence 102 Available/Available"), 20000);
  WAIT(notes.has("event " + std::to_string(TPS_EVENT_DIRECTORY_REPORT)), 20000);
  WAIT(notes.has("log"), 20000);

  set_presence("ann", "Busy", "InACall");
  set_presence("ben", "Busy", "InACall");
  WAIT(owed != 0 && notes.has("DND 102 on"), 20000);
  WAIT(notes.has("queue 101 on"), 20000);
  CHECK(must(moved.get_state("101")).dnd_owned == 0);
  // By a number, on a thread that knows nothing of the Sync.
  std::thread job([id = owed.load(), ref = moved.ref()] {
    CHECK(is(ref.acknowledge(id, tps::Answer::applied), TPS_OK));
    CHECK(is(ref.acknowledge(id, tps::Answer::applied), TPS_E_NOT_FOUND));
  });
  job.join();
  WAIT(must(moved.get_state("101")).dnd_owned == 1 && must(moved.get_state("102")).dnd_owned == 1, 20000);
  CHECK(presence_known);
  set_presence("ann", "Available", "Available");
  WAIT(notes.has("DND 101 off") && notes.has("chat 101 " + std::to_string(TPS_CHAT_DND)), 20000);
  CHECK(is(moved.refresh("101"), TPS_OK));

  over = true;
  if (poll) loop.join();
  CHECK(is(moved.close(long_enough), TPS_OK));
  CHECK(notes.has("DND 102 off"));  // what it switched on it switches off
  SAME(notes.count("released"), 1);
  CHECK(notes.last() == "released");
  SAME(notes.count("thread start"), poll ? 0 : 1);
  SAME(notes.count("thread stop"), poll ? 0 : 1);
}

/// Only what is set is asked for: an empty function is NULL, and the change counts as applied.
void without_callbacks() {
  set_presence("ann", "Busy", "InACall");
  tps::Sync sync = must(tps::Sync::create(configuration(FAST), {}));
  sync.put_user({"101", "ann@contoso.test"}).or_throw();
  sync.start().or_throw();
  WAIT(must(sync.get_state("101")).dnd_acknowledged == TPS_DND_ON, 20000);
  std::vector<std::string> lines;
  CHECK(is(tps::check(configuration(""), {{"101", "ann@contoso.test"}}, std::chrono::seconds(60),
                      [&](std::string_view line) { lines.emplace_back(line); }),
           TPS_OK));
  CHECK(lines.size() >= 11 && lines[7].find("\"verdict\":\"ok\"") != std::string::npos);
}

}  // namespace

int main() {
  in_both_modes(false);
  in_both_modes(true);
  without_callbacks();
  return check_end();
}
