// Each command on a small network: what it writes, and that what it writes is true.
#include <filesystem>
#include <set>

#include "autoprune/io/safetensors.hpp"
#include "helpers.hpp"

using namespace cli;  // NOLINT: a test's own helpers

namespace {

/// Keys that the report of every command has.
void check_report(const Json& report, const std::string& command) {
  INFO(command);
  CHECK(report["schema"] == "autoprune.report/1");
  CHECK(report["command"] == command);
  REQUIRE(report["layers"].size() == 3);
  for (const Json& layer : report["layers"])
    for (const char* key : {"name", "op", "rows", "cols", "crossbars_dense", "crossbars", "ous",
                            "vectors", "kept", "keep_ratio", "dead_filters", "index_bits"})
      CHECK(layer.contains(key));
  for (const char* key : {"dense", "per_layer", "pooled"})
    CHECK(report["crossbars"][key].is_number_integer());
  for (const char* key : {"per_layer", "pooled"}) CHECK(report["compression"][key].is_number());
  for (const char* key : {"explicit_bits", "bitmap_bits", "delta_bits", "lists_bits"})
    CHECK(report["index"][key].is_number_integer());
  for (const char* key : {"search", "fine_tune", "total"})
    CHECK(report["seconds"][key].is_number());
  CHECK(report["options"].is_object());
}

void check_accuracy(const Json& accuracy, const std::string& part) {
  CHECK(accuracy["images"] == 100);
  CHECK(accuracy["kind"] == "float");
  const double top1 = accuracy[part]["top1"].get<double>();
  CHECK(top1 >= 0.0);
  CHECK(top1 <= accuracy[part]["top5"].get<double>());
  CHECK(accuracy[part]["top5"].get<double>() <= 100.0);
}

const Json& layer(const Json& report, const std::string& name) {
  for (const Json& found : report["layers"])
    if (found["name"] == name) return found;
  FAIL("no layer " << name);
  return report;
}

}  // namespace

TEST_CASE("weights of a wrapped model load, and the program says so once") {
  const auto file = autoprune::io::Safetensors::read(trained());
  std::vector<autoprune::Tensor> tensors;
  for (const auto& entry : file.entries()) tensors.push_back(file.tensor(entry));
  std::vector<autoprune::nn::ConstNamedTensor> wrapped;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    wrapped.push_back({"module." + file.entries()[i].name, &tensors[i]});
  const std::string weights = fresh("wrapped") + ".safetensors";
  autoprune::io::write_safetensors(weights, wrapped);
  const Words map = {"map", "--network", bench() / "net.json", "--json", "-", "--weights"};
  const Answer plain = run(map + Words{trained()}), answer = run(map + Words{weights});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  CHECK(answer.json()["layers"] == plain.json()["layers"]);
  CHECK(answer.err == "note: the names of the weights are read without their 'module.'\n");
  CHECK(plain.err.empty());
}

TEST_CASE("inspect shows the graph") {
  const Answer answer = run({"inspect", "--network", "alexnet"});
  REQUIRE(answer.status == 0);
  CHECK(has(answer.out, "classifier.1"));
  CHECK(has(answer.out, "23,28"));  // crossbars of the dense network
  const Answer json = run({"inspect", "--network", trained(), "--json", "-"});
  REQUIRE(json.status == 0);
  check_report(json.json(), "inspect");
  CHECK(json.json()["nodes"].size() == 10);
  CHECK(layer(json.json(), "second")["rows"] == 360);
  CHECK(layer(json.json(), "second")["keep_ratio"] == 1.0);
}

TEST_CASE("train writes a network that evaluates as the report says") {
  const std::string network = trained();
  const Json report = read_json(bench() / "train.json");
  check_report(report, "train");
  check_accuracy(report["accuracy"], "dense");
  CHECK(report["accuracy"]["dense"]["top1"].get<double>() > 20.0);  // it has learned
  CHECK(report["training"]["epochs"].size() == 4);
  CHECK_FALSE(fs::exists(bench() / "trained/train.checkpoint"));

  const Json evaluated =
      run({"evaluate", "--network", network, "--data", bench().data(), "--json", "-"}).json();
  check_report(evaluated, "evaluate");
  CHECK(evaluated["accuracy"] == report["accuracy"]);
  const Answer few =
      run({"evaluate", "--network", network, "--data", bench().data(), "--images", "10"});
  CHECK(has(few.out, "10 test images"));
}

TEST_CASE("map counts and places what a policy keeps") {
  const std::string out = fresh("map");
  const Answer answer = run({"map", "--network", trained(), "--keep", "0.3", "--heuristic",
                             "uniform", "--out", out, "--json", "-"});
  REQUIRE(answer.status == 0);
  const Json report = answer.json();
  check_report(report, "map");
  CHECK(read_json(out + "/report.json") == report);
  CHECK(has(read(out + "/report.html"), "</html>"));
  const Json mapping = read_json(out + "/mapping.json");
  CHECK(mapping["schema"] == "autoprune.mapping/2");
  for (std::size_t k = 0; k < 3; ++k) {
    const Json& placed = mapping["layers"][k];
    const Json& counted = report["layers"][k];
    CHECK(placed["tiles"].size() == counted["ous"].get<std::size_t>());
    std::size_t vectors = 0;
    std::set<std::vector<Index>> places;
    for (const Json& tile : placed["tiles"]) {
      vectors += tile["columns"].size();
      places.insert(
          {tile["crossbar"].get<Index>(), tile["row"].get<Index>(), tile["column"].get<Index>()});
    }
    CHECK(vectors == counted["kept"].get<std::size_t>());
    CHECK(places.size() == placed["tiles"].size());
    CHECK(placed["crossbars_per_plane"].get<Index>() * placed["planes"].get<Index>() ==
          counted["crossbars"].get<Index>());
  }
  SECTION("adjacent bit planes take as many bitlines as the drawing shows") {
    const Answer adjacent = run({"map", "--network", trained(), "--bit-planes", "adjacent",
                                 "--signs", "offset", "--weight-bits", "7", "--out", fresh("map")});
    CHECK(adjacent.status == 0);
  }
}

TEST_CASE("the dense network is mapped without its weights as with them") {
  const std::string weights = AUTOPRUNE_SOURCE_DIR "/models/lenet5-mnist.safetensors";
  for (const char* command : {"map", "inspect"}) {
    const Json without = run({command, "--network", "lenet5", "--json", "-"}).json();
    const Json with =
        run({command, "--network", "lenet5", "--weights", weights, "--json", "-"}).json();
    for (const char* part : {"layers", "crossbars", "compression", "index"})
      CHECK(without[part] == with[part]);
  }
  const std::string out = fresh("map");
  REQUIRE(run({"map", "--network", "alexnet", "--out", out}).status == 0);
  CHECK(read_json(out + "/report.json")["crossbars"]["dense"] == 23280);
  CHECK(read_json(out + "/mapping.json")["layers"].size() == 8);
  CHECK(has(read(out + "/report.html"), "</html>"));
}

TEST_CASE("search finds a policy within its constraints") {
  const std::string out = fresh("search");
  const Answer answer = run(Words{"search"} + inputs() + short_search() +
                            Words{"--out", out, "--json", "-", "--target-compression", "2",
                                  "--count", "pooled", "--freeze", "first", "--freeze", "last"});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  const Json report = answer.json();
  check_report(report, "search");
  check_accuracy(report["accuracy"], "dense");
  check_accuracy(report["accuracy"], "pruned");
  CHECK(report["search"]["episodes"].size() == 5);
  CHECK(report["compression"]["pooled"].get<double>() >= 2.0);
  for (const Json& episode : report["search"]["episodes"]) {
    CHECK(episode["compression_pooled"].get<double>() >= 2.0);
    CHECK(episode["keep_ratios"][0] == 1.0);
    CHECK(episode["keep_ratios"][2] == 1.0);
    CHECK(episode["reward"] <=
          report["search"]["episodes"][report["search"]["best"].get<int>()]["reward"]);
  }
  const Json policy = read_json(out + "/policy.json");
  CHECK(policy["layers"][0] == Json{{"name", "first"}, {"keep_ratio", 1.0}});
  const Json mapped =
      run({"map", "--network", trained(), "--policy", out + "/policy.json", "--json", "-"}).json();
  CHECK(mapped["layers"] == report["layers"]);
}

TEST_CASE("a search is by the searcher that is asked for, and its report says so") {
  for (const std::string searcher :
       {"ddpg", "guided", "random", "uniform", "lamp", "greedy", "evolution", "nsga2"}) {
    const Answer answer = run(Words{"search"} + inputs() + short_search() +
                              Words{"--searcher", searcher, "--out", fresh("by"), "--json", "-"});
    INFO(searcher << answer.err);
    REQUIRE(answer.status == 0);
    const Json search = answer.json()["search"];
    CHECK(search["searcher"] == searcher);
    CHECK(search["episodes"].size() == 5);
  }
}

TEST_CASE("a search leaves its front: a table, pictures, and policies to go on with") {
  const std::string out = fresh("front");
  const auto search = [&](const char* seed) {
    return run(Words{"search"} + inputs() + short_search() +
               Words{"--searcher", "nsga2", "--reward", "crossbars*energy", "--episodes", "14",
                     "--out", out, "--seed", seed});
  };
  REQUIRE(search("1").status == 0);
  const Answer answer = search("2");
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  const Json report = read_json(out + "/report.json");
  std::size_t on_front = 0;
  for (const Json& episode : report["search"]["episodes"]) {
    CHECK(episode["energy_nj"].get<double>() > 0.0);
    const std::string file = concat(out, "/front/", episode["episode"].get<Index>(), ".json");
    CHECK(std::filesystem::exists(file) == episode["on_front"].get<bool>());
    if (!episode["on_front"].get<bool>()) continue;
    ++on_front;
    // Priced and counted as the search did.
    const Json priced =
        run({"cost", "--network", trained(), "--policy", file, "--json", "-"}).json();
    CHECK(priced["totals"]["energy_nj"] == episode["energy_nj"]);
    CHECK(priced["totals"]["latency_ns"] == episode["latency_ns"]);
    CHECK(priced["totals"]["area_um2"] == episode["area_um2"]);
  }
  CHECK(on_front > 1);
  CHECK(has(answer.out, "best policies of the search"));
  CHECK(has(read(out + "/report.html"), "Accuracy over energy"));
  for (const char* picture : {"crossbars", "energy"})
    CHECK(has(read(concat(out, "/front/", picture, ".svg")), "</svg>"));
}

TEST_CASE("a layer's own crossbars are drawn and priced") {
  const std::string out = fresh("large");
  const Answer mapped =
      run({"map", "--network", trained(), "--plan", "geometry=256x256/32x32/1", "--out", out});
  INFO(mapped.err);
  CHECK(mapped.status == 0);
  CHECK(has(read(out + "/report.html"), "</html>"));
  const auto energy = [](const Words& more) {
    return run(Words{"cost", "--network", trained(), "--json", "-"} + more)
        .json()["totals"]["energy_nj"]
        .get<double>();
  };
  CHECK(energy({"--plan", "weight-bits=2"}) < 0.5 * energy({}));
}

TEST_CASE("a search keeps to its budgets, and says when nothing can") {
  const auto search = [&](const Words& more) {
    return run(Words{"search"} + inputs() + short_search() + Words{"--out", fresh("budget")} +
               more);
  };
  const Json dense = run({"cost", "--network", trained(), "--json", "-"}).json();
  const double energy = 1e-3 * dense["dense"]["totals"]["energy_nj"].get<double>();
  const Answer met = search({"--max-energy", concat(0.5 * energy), "--json", "-"});
  INFO(met.err);
  REQUIRE(met.status == 0);
  for (const Json& episode : met.json()["search"]["episodes"])
    CHECK(episode["energy_nj"].get<double>() <= 500.1 * energy);
  const Answer none = search({"--max-energy", "1e-9"});
  CHECK(none.status == 1);
  CHECK(has(none.err, "budget"));
  const Answer accurate =
      search({"--min-accuracy", "100", "--target-compression", "12", "--count", "pooled"});
  INFO(accurate.out << accurate.err);
  CHECK(accurate.status == 1);
  CHECK(has(accurate.err, "below 100"));
  for (const Words& bad : {Words{"--max-area", "0"}, Words{"--max-latency", "nan"},
                           Words{"--min-accuracy", "101"}, Words{"--reward", "energie"},
                           Words{"--reward", "energy^-1"}, Words{"--reward", "energy*energy"}}) {
    INFO(bad[1]);
    CHECK(search(bad).status == 2);
  }
}

TEST_CASE("reconstruction makes up for pruned weights, in a search and before fine-tuning") {
  const auto search = [](const Words& more) {
    const Answer answer = run(Words{"search"} + inputs() + short_search() +
                              Words{"--out", fresh("fitted"), "--json", "-", "--target-compression",
                                    "4", "--count", "pooled"} +
                              more);
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return answer.json();
  };
  const auto accuracy = [](const Json& report) {
    return report["search"]["episodes"][0]["accuracy"].get<double>();
  };
  const Json plain = search({}), fitted = search({"--reconstruct"});
  CHECK(plain["layers"].size() == fitted["layers"].size());
  CHECK(accuracy(fitted) >= accuracy(plain));
  CHECK(has(fitted["search"]["objective"].get<std::string>(), "after reconstruction"));

  const std::string out = fresh("begun");
  const Words prune =
      Words{"prune"} + inputs() + short_search() + short_training() + Words{"--target-compression",
                                                                            "4",
                                                                            "--count",
                                                                            "pooled",
                                                                            "--ramp-begin",
                                                                            "1",
                                                                            "--out",
                                                                            out,
                                                                            "--json",
                                                                            "-"};
  const Answer answer = run(prune);
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  for (const Json& epoch : answer.json()["fine_tune"]["epochs"])
    CHECK(epoch["compression_pooled"].get<double>() >= 4.0);
}

TEST_CASE("bits of the whole accelerator are remembered, and give way to the command line") {
  const std::string out = fresh("bits-of-all");
  const Answer tuned = run(Words{"fine-tune", "--weight-bits", "3", "--epochs", "0", "--held-out",
                                 "80", "--calibration-images", "64", "--out", out, "--json", "-"} +
                           inputs());
  INFO(tuned.err);
  REQUIRE(tuned.status == 0);
  const Json report = tuned.json();
  for (const Json& layer : read_json(out + "/policy.json")["layers"])
    CHECK(layer["weight_bits"] == 3);
  CHECK(report["layers"][0]["weight_bits"] == 3);
  const auto simulated = [&](const Words& more) {
    const Answer answer = run(Words{"simulate", "--model", out, "--data", bench().data(),
                                    "--calibration-images", "64", "--json", "-"} +
                              more);
    INFO(answer.err);
    REQUIRE(answer.status == 0);
    return answer.json();
  };
  const Json back = simulated({});
  CHECK(back["accuracy"]["quantised"]["top1"] == report["accuracy"]["pruned"]["top1"]);
  CHECK(back["layers"][0]["weight_bits"] == 3);
  CHECK(simulated({"--weight-bits", "2"})["layers"][0]["weight_bits"] == 2);
}

TEST_CASE("keep ratios of a plan are those of the masks") {
  const auto refused = [](const Words& words) {
    const Answer answer = run(words);
    INFO(answer.err);
    CHECK(answer.status == 2);
    CHECK(has(answer.err, "a plan doesn't prune"));
    CHECK(has(answer.err, "--policy"));
  };
  const Words half = {"--plan", "keep-ratio=0.5,weight-bits=4"};
  refused(Words{"map", "--network", trained()} + half);
  refused(Words{"fine-tune", "--epochs", "0", "--out", fresh("half")} + inputs() + half);
  CHECK(run({"map", "--network", trained(), "--plan", "keep-ratio=1,weight-bits=4"}).status == 0);
}

TEST_CASE("a plan says in what layers differ, and the pruned file remembers it") {
  const std::string plan = bench() / "plan.json";
  write(plan, R"({"schema": "autoprune.policy/2", "layers": [
      {"name": "second", "granularity": 16, "weight_bits": 4, "input_bits": 6},
      {"name": "last", "geometry": "64x64/16x16/1", "granularity": 16, "adc_bits": 5}]})");
  const std::string out = fresh("planned");
  const Answer answer = run(Words{"prune", "--plan", plan, "--target-compression", "2", "--count",
                                  "pooled", "--held-out", "80", "--calibration-images", "64",
                                  "--episodes", "4", "--out", out, "--json", "-"} +
                            inputs() + short_training());
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  const Json report = answer.json(), policy = read_json(out + "/policy.json");
  CHECK(report["compression"]["pooled"].get<double>() >= 2.0);
  CHECK(policy["layers"][1]["weight_bits"] == 4);
  CHECK(policy["layers"][2]["geometry"] == "64x64/16x16/1");
  const Json placed = read_json(out + "/mapping.json")["layers"];
  CHECK(placed[0]["planes"] == 16);
  CHECK(placed[1]["planes"] == 8);
  CHECK(placed[1]["granularity"] == 16);
  CHECK(placed[2]["geometry"] == "64x64/16x16/1");

  const std::string pruned = out + "/pruned.safetensors";
  CHECK(run({"map", "--network", pruned, "--json", "-"}).json()["layers"] == report["layers"]);
  const Json priced = run({"cost", "--network", pruned, "--json", "-"}).json();
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(priced["layers"][k]["work"]["crossbars"] == report["layers"][k]["crossbars"]);
  const Answer simulated = run({"simulate", "--network", pruned, "--data", bench().data(),
                                "--calibration-images", "64", "--json", "-"});
  INFO(simulated.err);
  REQUIRE(simulated.status == 0);
  CHECK(simulated.json()["accuracy"].contains("on_crossbar"));

  const Answer both = run({"map", "--network", pruned, "--plan", plan, "--policy", plan});
  CHECK(both.status == 2);
  CHECK(has(both.err, "exclude each other"));
}

TEST_CASE("bits are searched, trained and remembered, and a pruned network keeps its masks") {
  const std::string out = fresh("bits");
  const Answer found = run(Words{"search", "--search", "keep,weight-bits=2..4", "--out", out} +
                           inputs() + short_search());
  INFO(found.err);
  REQUIRE(found.status == 0);
  CHECK(has(found.out, "quantised"));
  const Json policy = read_json(out + "/policy.json")["layers"];
  const Json placed = read_json(out + "/mapping.json")["layers"];
  for (std::size_t k = 0; k < policy.size(); ++k)
    CHECK(placed[k]["planes"] == 2 * policy[k]["weight_bits"].get<int>());

  const std::string tuned = fresh("bits-tuned"), again = fresh("bits-again");
  const Answer first = run(Words{"fine-tune", "--policy", out + "/policy.json", "--held-out", "80",
                                 "--calibration-images", "64", "--out", tuned, "--json", "-"} +
                           inputs() + short_training());
  INFO(first.err);
  REQUIRE(first.status == 0);
  CHECK(first.json()["accuracy"]["kind"] == "quantised (dense: float)");
  const std::string pruned = tuned + "/pruned.safetensors";
  const Json simulated = run({"simulate", "--network", pruned, "--data", bench().data(),
                              "--calibration-images", "64", "--json", "-"})
                             .json()["accuracy"];
  CHECK(simulated["quantised"]["top1"] == first.json()["accuracy"]["pruned"]["top1"]);

  const Answer second =
      run(Words{"fine-tune", "--network", pruned, "--teacher", trained(), "--plan",
                "weight-bits=2,input-bits=6", "--held-out", "80", "--calibration-images", "64",
                "--data", bench().data(), "--out", again, "--json", "-"} +
          short_training());
  INFO(second.err);
  REQUIRE(second.status == 0);
  for (std::size_t k = 0; k < policy.size(); ++k)
    CHECK(second.json()["layers"][k]["kept"] == first.json()["layers"][k]["kept"]);
  // Where keep ratios aren't searched, its masks stay, and no weight comes back.
  const std::string bits = fresh("bits-of-pruned");
  const Answer third = run(Words{"search", "--network", pruned, "--data", bench().data(),
                                 "--search", "weight-bits=3..6,adc-bits=4..6", "--accuracy",
                                 "on-crossbar", "--out", bits, "--json", "-", "--quiet"} +
                           short_search());
  INFO(third.err);
  REQUIRE(third.status == 0);
  for (std::size_t k = 0; k < policy.size(); ++k) {
    CHECK(third.json()["layers"][k]["kept"] == first.json()["layers"][k]["kept"]);
    CHECK(third.json()["layers"][k]["keep_ratio"] == first.json()["layers"][k]["keep_ratio"]);
  }
  CHECK(read_json(bits + "/policy.json")["layers"][1]["keep_ratio"] ==
        third.json()["layers"][1]["keep_ratio"]);
  // What --plan leaves open, the file remembers.
  const auto planes = [&](const Words& more) {
    const std::string mapped = fresh("remembered");
    REQUIRE(run(Words{"map", "--network", pruned, "--out", mapped} + more).status == 0);
    return read_json(mapped + "/mapping.json")["layers"][0]["planes"];
  };
  CHECK(planes({"--plan", "input-bits=6"}) == planes({}));
  CHECK(planes({"--plan", "weight-bits=7"}) == 14);
  const Answer twice =
      run(Words{"search", "--network", pruned, "--data", bench().data(), "--search",
                "weight-bits=2..4,weight-bits=6..8", "--out", fresh("no")} +
          short_search());
  CHECK(twice.status == 2);
  CHECK(has(twice.err, "twice"));
  const Answer other = run(Words{"search", "--network", pruned, "--data", bench().data(),
                                 "--search", "granularity=8+16", "--out", fresh("no")} +
                           short_search());
  CHECK(other.status == 2);
  CHECK(has(other.err, "search keep as well"));
  const Answer dense = run(Words{"fine-tune", "--held-out", "80", "--out", fresh("dense")} +
                           inputs() + short_training());
  CHECK(dense.status == 2);
  CHECK(has(dense.err, "no --policy given"));
  CHECK(has(run({"map", "--network", pruned, "--plan", "weight-bits=4,weight-bits=2"}).err,
            "a plan is a file"));
}

TEST_CASE("prune does the whole job, and fine-tune its second half") {
  const Words options =
      Words{
          "--target-compression", "2",        "--count",   "pooled", "--held-out", "80", "--bounds",
          "second:0.05:0.5",      "--bounds", "last:0.2:1"} +
      short_training();
  const std::string out = fresh("prune"), json = bench() / "prune.json";
  const Answer answer =
      run(Words{"prune"} + inputs() + options +
          Words{"--calibration-images", "64", "--episodes", "5", "--out", out, "--json", json});
  INFO(answer.err);
  REQUIRE(answer.status == 0);
  CHECK(has(answer.out, "compression   per layer"));
  const Json report = read_json(json);
  check_report(report, "prune");
  check_accuracy(report["accuracy"], "dense");
  check_accuracy(report["accuracy"], "pruned");
  CHECK(read_json(out + "/report.json") == report);
  CHECK(has(read(out + "/report.html"), "Crossbar occupancy"));
  CHECK(report["fine_tune"]["epochs"].size() == 2);
  CHECK(report["compression"]["pooled"].get<double>() >= 2.0);
  const double half_ou = 16.0 / layer(report, "second")["vectors"].get<double>();
  CHECK(layer(report, "second")["keep_ratio"].get<double>() <= 0.5 + half_ou);
  CHECK(layer(report, "last")["keep_ratio"].get<double>() >= 0.2);
  for (const char* name : {"/search.checkpoint", "/fine_tune.checkpoint"})
    CHECK_FALSE(fs::exists(out + name));

  const std::string pruned = out + "/pruned.safetensors";
  const auto metadata = autoprune::io::Safetensors::read(pruned).metadata();
  CHECK(autoprune::io::parse_json(metadata.at("autoprune.policy"), "metadata") ==
        read_json(out + "/policy.json"));
  const Json evaluated =
      run({"evaluate", "--network", pruned, "--data", bench().data(), "--json", "-"}).json();
  CHECK(evaluated["accuracy"]["pruned"] == report["accuracy"]["pruned"]);
  CHECK(run({"map", "--network", pruned, "--json", "-"}).json()["layers"] == report["layers"]);

  const std::string tuned = fresh("tune");
  REQUIRE(run(Words{"fine-tune"} + inputs() + options +
              Words{"--policy", out + "/policy.json", "--out", tuned})
              .status == 0);
  CHECK(read(tuned + "/pruned.safetensors") == read(pruned));
  check_report(read_json(tuned + "/report.json"), "fine-tune");
}

TEST_CASE("a pruned network remembers its hardware") {
  const std::string out = fresh("hardware");
  const Words hardware = {"--geometry", "64x64/32x32/1", "--granularity", "16"};
  REQUIRE(run(Words{"prune"} + inputs() + short_search() + short_training() + hardware +
              Words{"--target-compression", "3", "--out", out})
              .status == 0);
  const Json report = read_json(out + "/report.json");
  CHECK(report["geometry"] == "64x64/32x32/1");
  const Json again = run({"map", "--network", out + "/pruned.safetensors", "--json", "-"}).json();
  CHECK(again["geometry"] == "64x64/32x32/1");
  CHECK(again["granularity"] == 16);
  CHECK(again["layers"] == report["layers"]);
}

TEST_CASE("one thread or two: the same bits") {
  std::vector<std::string> policies, networks;
  for (const char* threads : {"1", "2"}) {
    const std::string out = fresh("threads");
    REQUIRE(run(Words{"prune"} + inputs() + short_search() + short_training() +
                Words{"--target-compression", "3", "--threads", threads, "--out", out})
                .status == 0);
    policies.push_back(read(out + "/policy.json"));
    networks.push_back(read(out + "/pruned.safetensors"));
  }
  CHECK(policies[0] == policies[1]);
  CHECK(networks[0] == networks[1]);
}

TEST_CASE("a network of the zoo with the repository's weights") {
  const std::string weights = AUTOPRUNE_SOURCE_DIR "/models/plain20-cifar10.safetensors";
  const Answer answer = run({"evaluate", "--network", "plain20", "--weights", weights, "--data",
                             bench().data(), "--json", "-"});
  REQUIRE(answer.status == 0);
  CHECK(answer.json()["crossbars"]["dense"] == 944);
}

TEST_CASE("long work says how far it is, unless it is to be quiet") {
  const Words options = Words{"prune", "--network", trained(), "--data", bench().data()} +
                        short_search() + Words{"--held-out-images", "80"} + short_training();
  const Answer loud = run(options + Words{"--out", fresh("loud")});
  for (const char* part : {"search", "5/5 episodes", " left", "epoch 2/2"})
    CHECK(has(loud.err, part));
  CHECK_FALSE(has(loud.err, "\033"));
  CHECK(run(options + Words{"--out", fresh("quiet"), "--quiet"}).err.empty());
}

TEST_CASE("help and version") {
  CHECK(has(run({"--help"}).out, "fine-tune"));
  const Answer help = run({"prune", "--help"});
  CHECK(help.status == 0);
  CHECK(has(help.out, "--target-compression"));
  CHECK(run({"--version"}).status == 0);
}
