// The same as host.c, on the wrapper.
#include <iostream>
#include <teams_presence_sync.hpp>

int main() {
  tps::Callbacks callbacks;
  bool released = false;
  callbacks.on_released = [&] { released = true; };
  tps::Result<tps::Sync> sync = tps::Sync::create(
      R"({"mode":"presence_sync","tenant_id":"11111111-2222-3333-4444-555555555555",
          "client_id":"66666666-7777-8888-9999-000000000000",
          "auth":{"method":"client_secret","secret":"a~secret.of-some_length"}})",
      std::move(callbacks));
  if (!sync) return std::cerr << sync.status().text() << '\n', 1;
  sync->set_users({{"101", "ann@contoso.test"}}).or_throw();
  if (!sync->close(std::chrono::seconds(5)) || !released || !tps::compatible()) return 1;
  std::cout << "version " << tps::version() << '\n';
}
