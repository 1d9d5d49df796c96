// Every call of the wrapper, what it answers without a network, and who owns what.
#include <memory>
#include <type_traits>

#include "cpp_support.hpp"

static_assert(!std::is_copy_constructible_v<tps::Sync> && !std::is_copy_assignable_v<tps::Sync>);
static_assert(std::is_nothrow_move_constructible_v<tps::Sync> && std::is_nothrow_move_assignable_v<tps::Sync>);
static_assert(std::is_nothrow_copy_constructible_v<tps::Ref> && sizeof(tps::Ref) == sizeof(void *));

namespace {

/// Everything that takes an instance, with one that is none or of another state.
void every_call(const tps::Ref &ref, tps_status answer) {
  CHECK(is(ref.start(), answer));
  CHECK(is(ref.reload(CONFIG), answer));
  CHECK(is(ref.set_enabled(true), answer));
  CHECK(is(ref.stop(at_once), answer));
  CHECK(is(ref.set_users({{"101", "ann@contoso.test"}}), answer));
  CHECK(is(ref.put_user({"101"}), answer));
  CHECK(is(ref.remove_user("101"), answer));
  CHECK(is(ref.acknowledge(1, tps::Answer::applied), answer));
  CHECK(is(ref.report_dnd("101", true, TPS_REPORT_SEEN), answer));
  CHECK(is(ref.report_queue("101", true, TPS_REPORT_PERSON), answer));
  CHECK(is(ref.report_call("101", true), answer));
  CHECK(is(ref.refresh(), answer));
  CHECK(is(ref.refresh("101"), answer));
  CHECK(is(ref.deliver_notification("a=b", "{}"), answer));
  CHECK(is(ref.sign_in(), answer));
  CHECK(is(ref.sign_out("desk"), answer));
  CHECK(is(ref.get_state("101"), answer));
  CHECK(is(ref.explain(), answer));
  CHECK(is(ref.explain("101"), answer));
  CHECK(is(ref.stats(), answer));
  CHECK(is(ref.event_fd(), answer));
  CHECK(is(ref.dispatch(at_once), answer));
  CHECK(is(ref.set_log_level(TPS_LOG_INFO), answer));
}

void versions() {
  CHECK(tps::compatible());
  CHECK(tps::version() == tps_version());
}

void a_refused_configuration_says_why_and_frees_the_callbacks() {
  auto owned = std::make_shared<int>(7);
  std::weak_ptr<int> watch = owned;
  int released = 0;
  tps::Callbacks callbacks;
  callbacks.on_released = [&released, owned] { released += *owned; };
  owned.reset();
  CHECK(!watch.expired());
  tps::Result<tps::Sync> made = tps::Sync::create("{\"mode\":\"presence_sync\"}", std::move(callbacks));
  CHECK(!made && is(made, TPS_E_CONFIG));
  CHECK(made.status().text().find("tenant_id") != std::string::npos);
  SAME(released, 7);
  CHECK(watch.expired());
  bool thrown = false;
  try {
    std::move(made).value();
  } catch (const tps::Error &error) {
    thrown = error.code() == TPS_E_CONFIG && std::string(error.what()).find("TPS_E_CONFIG: ") == 0;
  }
  CHECK(thrown);
}

void states_and_answers() {
  tps::Sync sync = must(tps::Sync::create(CONFIG_POLL, {}));
  const tps::Ref ref = sync.ref();
  CHECK(ref.get() == sync.get() && ref.get() != nullptr);
  CHECK(is(ref.set_users({{"101", "ann@contoso.test"}, {"102"}}), TPS_OK));
  CHECK(is(ref.put_user({"103", "cleo@contoso.test", "00000000-0000-0000-0000-000000000003", "agents", TPS_HOST_DND_ON, 0}), TPS_OK));
  CHECK(is(ref.refresh(), TPS_E_STATE));
  CHECK(is(ref.sign_in(), TPS_E_STATE));
  CHECK(is(ref.sign_out(), TPS_E_STATE));
  CHECK(is(ref.deliver_notification("", ""), TPS_E_STATE));
  CHECK(is(ref.dispatch(at_once), TPS_E_STATE));
  CHECK(is(ref.dispatch(std::chrono::milliseconds(-1)), TPS_E_INVALID_ARG));
  CHECK(is(ref.stop(std::chrono::milliseconds(-5)), TPS_E_INVALID_ARG));
  CHECK(must(ref.event_fd()) >= 0);
  CHECK(is(ref.acknowledge(4711, tps::Answer::applied), TPS_E_NOT_FOUND));
  CHECK(is(ref.report_dnd("101", true, TPS_REPORT_PERSON), TPS_OK));
  CHECK(is(ref.report_queue("101", false, TPS_REPORT_SEEN), TPS_OK));
  CHECK(is(ref.report_call("999", true), TPS_E_NOT_FOUND));
  CHECK(is(ref.set_log_level(TPS_LOG_WARN), TPS_OK));
  CHECK(is(ref.set_log_level(77), TPS_E_INVALID_ARG));
  CHECK(is(ref.set_enabled(false), TPS_OK));
  CHECK(is(ref.reload(CONFIG_POLL), TPS_OK));
  CHECK(is(ref.reload(CONFIG), TPS_E_NEEDS_RESTART));
  tps::Status refused = ref.reload("{");
  CHECK(is(refused, TPS_E_CONFIG) && refused.text() != refused.name());
  tps_state state = must(ref.get_state("ANN@contoso.test"));
  CHECK(state.struct_size == sizeof(tps_state) && state.matched == 0);
  CHECK(is(ref.get_state("nobody"), TPS_E_NOT_FOUND));
  CHECK(must(ref.explain("101")).find("\"101\"") != std::string::npos);
  CHECK(is(ref.explain("999"), TPS_E_NOT_FOUND));
  std::string report = must(ref.explain()), stats = must(ref.stats());
  // Longer than the room that is offered first, and without the NUL.
  CHECK(stats.size() > 1023 && stats.front() == '{' && stats.back() == '}');
  CHECK(report.front() == '{' && report.back() == '}');
  CHECK(is(ref.remove_user("102"), TPS_OK));
  CHECK(is(sync.close(long_enough), TPS_OK));
  CHECK(sync.get() == nullptr);
  every_call(ref, TPS_E_HANDLE);
  every_call(sync, TPS_E_HANDLE);
  every_call(tps::Ref(), TPS_E_HANDLE);
  CHECK(is(sync.close(at_once), TPS_E_HANDLE));
}

/// A C text would end there, so somebody else would be meant.
void a_nul_byte_inside_a_text_is_refused() {
  tps::Sync sync = must(tps::Sync::create(CONFIG, {}));
  const std::string cut("10\0" "1", 4);
  tps::Status status = sync.set_users({{"101"}, {"102", cut}});
  CHECK(is(status, TPS_E_INVALID_ARG) && status.text() == "users[1].email: holds a NUL byte");
  CHECK(is(sync.get_state("101"), TPS_E_NOT_FOUND));
  CHECK(is(sync.put_user({cut}), TPS_E_INVALID_ARG));
  CHECK(is(sync.remove_user(cut), TPS_E_INVALID_ARG));
  CHECK(is(sync.report_dnd(cut, true, 0), TPS_E_INVALID_ARG));
  CHECK(is(sync.report_call(cut, true), TPS_E_INVALID_ARG));
  CHECK(is(sync.get_state(cut), TPS_E_INVALID_ARG));
  CHECK(is(sync.explain(cut), TPS_E_INVALID_ARG));
  CHECK(is(sync.sign_in(cut), TPS_E_INVALID_ARG));
  CHECK(is(sync.refresh(cut), TPS_E_INVALID_ARG));
  CHECK(is(tps::check(CONFIG, {{cut}}, at_once, [](std::string_view) {}), TPS_E_INVALID_ARG));
  // The library's own sentence comes through as well.
  status = sync.set_users({{"101"}, {"\xff"}});
  CHECK(is(status, TPS_E_INVALID_ARG) && status.text().find("users[1].user_id") == 0);
  CHECK(is(sync.set_users(nullptr, 0), TPS_OK));
}

void moving_ends_what_was_there_before() {
  int first_released = 0, second_released = 0;
  tps::Callbacks first, second;
  first.on_released = [&] { ++first_released; };
  second.on_released = [&] { ++second_released; };
  {
    tps::Sync one = must(tps::Sync::create(CONFIG, std::move(first)));
    tps::Sync two = must(tps::Sync::create(CONFIG, std::move(second)));
    const tps::Ref gone = one.ref();
    one = std::move(two);
    SAME(first_released, 1);
    SAME(second_released, 0);
    CHECK(is(gone.stats(), TPS_E_HANDLE) && one.stats());
    CHECK(two.get() == nullptr);  // NOLINT: what a moved one is, is promised
    tps::Sync three(std::move(one));
    CHECK(three.stats() && !one.stats());
    tps::Sync &same = three;
    three = std::move(same);
    CHECK(bool(three.stats()));
  }
  SAME(second_released, 1);
}

/// By the C call: the handle is not ours any more, and the destructor leaves it alone.
void destroyed_behind_its_back() {
  int released = 0, abandoned = 0;
  tps::Callbacks callbacks;
  callbacks.on_released = [&] { ++released; };
  callbacks.on_abandoned = [&](const tps::Status &, bool) { ++abandoned; };
  {
    tps::Sync sync = must(tps::Sync::create(CONFIG, std::move(callbacks)));
    EXPECT(tps_stop(sync.get(), 0), TPS_OK);
    EXPECT(tps_destroy(sync.get()), TPS_OK);
    SAME(released, 1);
  }
  SAME(released, 1);
  SAME(abandoned, 0);
}

void the_check_tells_its_sink() {
  std::vector<std::string> lines;
  CHECK(is(tps::check(CONFIG, {}, at_once, [&](std::string_view line) { lines.emplace_back(line); }), TPS_OK) || !lines.empty());
  SAME(lines.size(), 11);
  CHECK(lines.front().find("{\"step\":\"configuration\"") == 0 && lines.back().find("{\"step\":\"summary\"") == 0);
  int told = 0;
  bool thrown = false;
  try {
    static_cast<void>(tps::check(CONFIG, {}, at_once, [&](std::string_view) {
      ++told;
      throw std::runtime_error("the window is closed");
    }));
  } catch (const std::runtime_error &error) {
    thrown = std::string(error.what()) == "the window is closed";
  }
  CHECK(thrown);
  SAME(told, 1);
}

}  // namespace

int main() {
  versions();
  a_refused_configuration_says_why_and_frees_the_callbacks();
  states_and_answers();
  a_nul_byte_inside_a_text_is_refused();
  moving_ends_what_was_there_before();
  destroyed_behind_its_back();
  the_check_tells_its_sink();
  return check_end();
}
