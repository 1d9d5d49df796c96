// What the C++ tests share: the C tests' checks and simulator, a notebook that any thread may write in.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "support.h"
#include "teams_presence_sync.hpp"

/// Lines in the order in which callbacks wrote them.
class Notebook {
 public:
  void write(std::string line) {
    std::lock_guard<std::mutex> held(lock_);
    lines_.push_back(std::move(line));
  }
  std::size_t count(const std::string &begin) const {
    std::lock_guard<std::mutex> held(lock_);
    std::size_t found = 0;
    for (const std::string &line : lines_) found += line.compare(0, begin.size(), begin) == 0 ? 1 : 0;
    return found;
  }
  bool has(const std::string &begin) const { return count(begin) > 0; }
  std::string last() const {
    std::lock_guard<std::mutex> held(lock_);
    return lines_.empty() ? std::string() : lines_.back();
  }
  std::size_t size() const {
    std::lock_guard<std::mutex> held(lock_);
    return lines_.size();
  }

 private:
  mutable std::mutex lock_;
  std::vector<std::string> lines_;
};

/// As config_with of the C tests.
inline std::string configuration(const char *rest) {
  char *text = config_with(rest);
  std::string owned(text);
  free(text);
  return owned;
}

/// What must be there: its value, or the end of the program.
template <class T>
T must(tps::Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", result.status().name(), result.status().text().c_str());
    std::exit(3);
  }
  return std::move(*result);
}

inline bool is(const tps::Status &status, tps_status code) {
  if (status.code() == code) return true;
  std::fprintf(stderr, "%s, not %s: %s\n", status.name(), tps_status_name(code), status.text().c_str());
  return false;
}
template <class T>
bool is(const tps::Result<T> &result, tps_status code) {
  return is(result.status(), code);
}

constexpr std::chrono::milliseconds at_once(0);
constexpr std::chrono::seconds long_enough(60);
