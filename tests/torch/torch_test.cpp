// The component `torch` beside the processor's backend. One file: LibTorch's headers cost a lot.
#include <autoprune/torch.hpp>

#undef CHECK  // LibTorch's own
#include <catch2/catch.hpp>
#include <map>

#include "../nn/helpers.hpp"
#include "../nn/small_classifier.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;
using autoprune::libtorch::TorchBackend;

namespace {

/// Twice its input.
struct Twice {
  static constexpr std::string_view kName = "twice";
  [[nodiscard]] bool forward(const ForwardPass& pass) const {
    return pass.each([](float x) { return 2.0F * x; });
  }
  void backward(const BackwardPass& pass, Index, Activation& dx) const {
    pass.each(dx, [](float) { return 2.0F; });
  }
};

/// Every operation, with extents that differ.
Network every_op() {
  Network n({2, 9, 12});
  n.conv("c1", {.out = 6, .kernel = {3, 2}, .stride = {1, 2}, .padding = {2, 1}, .bias = true});
  const Index first = n.batch_norm("b1");
  n.relu("r1");
  const Index second = n.conv("c2", {.out = 6, .kernel = 3, .padding = 1});
  n.add("sum", {first, second, first});
  n.append("shuffle", ChannelShuffle{{.groups = 2}});
  n.conv("c3",
         {.out = 8, .kernel = {3, 2}, .padding = {2, 0, 1, 1}, .dilation = {2, 1}, .groups = 2});
  const Index map = n.append("norm", LayerNorm{.eps = 1e-3});
  n.append("mean", GlobalAvgPool{});
  n.append("line", ScalarAffine{{.scale = 2.0, .shift = -0.1}});
  const Index gate = n.append("gate", HardSigmoid{});
  n.append("gated", Mul{}, {map, gate});
  n.append("factor", Scale{.bias = true});
  n.append("constant", Scale{.learned = false});
  const Index swish = n.append("swish", HardSwish{});
  n.append("silu", Silu{}, map);
  n.append("gelu", Gelu{});
  n.append("gelu2", Gelu{{.tanh = true}});
  const Index leaky = n.append("leaky", LeakyRelu{{.negative = 0.2}});
  n.append("part", Slice{{.begin = 2, .end = 7}});
  const Index tanh = n.append("tanh", Tanh{});
  n.append("difference", Sub{}, {swish, leaky});
  n.append("prelu", Prelu{});
  const Index clip = n.append("clip", Clip{{.min = -2.0, .max = 3.0}});
  n.append("both", Concat{}, {clip, tanh});
  n.append("turned", Transpose{{.channels = 1, .height = 0, .width = 2}});
  const Shape3& turned = n.nodes().back().shape;
  n.append("shaped", Reshape{{turned.height, turned.channels, turned.width}});
  n.max_pool("m", {.kernel = {3, 2},
                   .stride = Size2{2, 1},
                   .padding = {1, 1, 2, 0},
                   .ceil = true,
                   .dilation = {2, 1}});
  n.append("same", Identity{});
  n.avg_pool("a", {.kernel = {2, 3}, .stride = Size2{2, 2}, .padding = {1, 2}});
  n.avg_pool("a2", {.kernel = 2, .padding = {1, 0}, .ceil = true, .count_padding = false});
  n.append("shares", Softmax{});
  n.linear("l1", 20);
  n.relu("r2");
  n.dropout("d", 0.4);
  n.append("b2", BatchNorm{.eps = 1e-3, .momentum = 0.2, .affine = false});
  n.append("log_shares", Softmax{.log = true});
  n.append("sigmoid", Sigmoid{});
  n.flatten("f");
  n.linear("l2", 4, false);
  randomise(n, 5);
  return n;
}

Batch random_batch(Random& random, Shape3 shape, Index images, Index classes) {
  Batch batch{random_activation(random, shape, images), {}};
  for (Index i = 0; i < images; ++i)
    batch.labels.push_back(static_cast<Label>(random.below(classes)));
  return batch;
}

std::vector<Network> zoo() {
  std::vector<Network> all;
  for (const std::string& name : zoo_names()) {
    all.push_back(make_network(name, {name == "lenet5" ? 1 : 3, 32, 32}));
    randomise(all.back(), 3);
  }
  all.push_back(every_op());
  return all;
}

/// Largest difference as a fraction of the range of what was expected.
double of_range(const Values& actual, const Values& expected) {
  REQUIRE(actual.size() == expected.size());
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  double difference = 0.0;
  for (std::size_t i = 0; i < actual.size(); ++i)
    difference = std::max(difference, std::abs(actual[i] - expected[i]));
  return difference / std::max(*high - *low, 1e-30);
}

/// A source that isn't made of bytes, or says so.
struct Loaded : ImageSource {
  const Dataset& data;
  explicit Loaded(const Dataset& of) : data(of) {
    name = of.name;
    classes = of.classes;
  }
  Index size() const override { return data.size(); }
  Shape3 shape() const override { return data.shape(); }
  Label label(Index i) const override { return data.label(i); }
  void load(std::span<const Index> indices, const Augmentation* augmentation, Batch& batch,
            ThreadPool& pool) const override {
    data.load(indices, augmentation, batch, pool);
  }
};

/// The message of what f throws, with its code.
template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("LibTorch is told what every operation computes", "[torch]") {
  // The attributes that the expressions read: a new one has to be read there, too.
  const std::string window = "kernel stride padding";
  const std::map<std::string, std::string> read = {
      {"avg_pool", window + " ceil_mode count_include_pad"},
      {"batch_norm", "eps momentum affine"},
      {"channel_shuffle", "groups"},
      {"clip", "min max"},
      {"conv", "out " + window + " bias dilation groups"},
      {"dropout", "rate"},
      {"gelu", "tanh"},
      {"hard_sigmoid", "alpha beta"},
      {"layer_norm", "eps affine"},
      {"leaky_relu", "slope"},
      {"linear", "out bias"},
      {"max_pool", window + " ceil_mode dilation"},
      {"prelu", "shared"},
      {"reshape", "channels height width"},
      {"affine", "scale shift"},
      {"scale", "bias learned"},
      {"slice", "begin end"},
      {"softmax", "log"},
      {"transpose", "channels height width"},
  };
  for (const Op& op : known_ops()) {
    INFO(op.name());
    CHECK(libtorch::find_expression(op) != nullptr);
    std::vector<std::string> keys;
    for (const auto& attribute : op.attributes()) keys.push_back(attribute.key);
    const auto found = read.find(std::string(op.name()));
    CHECK(join(keys, " ") == (found == read.end() ? "" : found->second));
  }
}

TEST_CASE("logits are the processor's, dense and masked, in any layout", "[torch]") {
  ThreadPool pool(2);
  Random random(7);
  for (Network& network : zoo()) {
    const bool large = network.nodes().size() > 40 || network.nodes().size() == 24;
    const Batch batch =
        random_batch(random, network.input_shape(), large ? 3 : 35, network.outputs());
    Session session(network, pool);
    TorchBackend last(network, pool), first(network, pool, {.channels_last = false});
    for (const bool masked : {false, true}) {
      const auto masks = masked ? random_masks(random, network, 4) : std::vector<PruneMask>{};
      session.set_masks(masks);
      const Values expected = values_of(session.forward(batch.images, Mode::inference));
      for (TorchBackend* backend : {&last, &first}) {
        backend->set_masks(masks);
        CHECK(of_range(values_of(backend->logits(batch)), expected) < 1e-5);
      }
    }
  }
}

TEST_CASE("products in bfloat16 are near", "[torch]") {
  ThreadPool pool(2);
  Random random(8);
  Network network = plain20();
  randomise(network, 3);
  const Batch batch = random_batch(random, network.input_shape(), 8, 10);
  Session session(network, pool);
  const Values expected = values_of(session.forward(batch.images, Mode::inference));
  TorchBackend backend(network, pool, {.bfloat16 = true});
  const double error = of_range(values_of(backend.logits(batch)), expected);
  CHECK(error > 1e-5);
  CHECK(error < 0.1);
}

TEST_CASE("accuracy, gradients, statistics and inputs of layers are the processor's", "[torch]") {
  ThreadPool pool(2);
  Random random(9);
  for (const bool small : {true, false}) {
    Network network = small ? small_classifier(1) : every_op(), other = network;
    std::vector<Batch> batches;
    for (const Index images : {40, 7, 33})
      batches.push_back(random_batch(random, network.input_shape(), images, network.outputs()));
    const std::vector<PruneMask> masks = random_masks(random, network, 3);
    CpuBackend cpu(network, pool);
    TorchBackend torch(other, pool);
    cpu.set_masks(masks);
    torch.set_masks(masks);

    const std::vector<Tensor> expected = cpu.loss_gradients(batches);
    const std::vector<Tensor> found = torch.loss_gradients(batches);
    REQUIRE(found.size() == expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
      INFO((small ? "small, layer " : "every operation, layer ") << k);
      CHECK(of_range(values_of(found[k]), values_of(expected[k])) < 1e-4);
    }
    torch.fetch();
    CHECK(everything(other) == everything(network));  // left as it was

    cpu.recalibrate(batches);
    torch.recalibrate(batches);
    CHECK(error_of(everything(other), everything(network)) < 1e-5);
    const Accuracy one = cpu.evaluate(batches), two = torch.evaluate(batches);
    CHECK(one.top1 == two.top1);
    CHECK(one.top5 == two.top5);

    std::vector<Values> inputs;
    cpu.inputs_of_layers(batches[0], [&](Index layer, const Activation& x) {
      CHECK(layer == static_cast<Index>(inputs.size()));
      inputs.push_back(values_of(x));
    });
    Index seen = 0;
    torch.inputs_of_layers(batches[0], [&](Index layer, const Activation& x) {
      CHECK(layer == seen);
      CHECK(error_of(values_of(x), inputs[static_cast<std::size_t>(seen++)]) < 1e-5);
    });
    CHECK(seen == static_cast<Index>(inputs.size()));
  }
}

TEST_CASE("equal logits have the processor's ranks", "[torch]") {
  ThreadPool pool(1);
  Network network({1, 1, 1});
  network.linear("l", 7);  // weights of zeros
  Random random(3);
  const std::vector<Batch> batches = {random_batch(random, {1, 1, 1}, 50, 7)};
  const Accuracy one = CpuBackend(network, pool).evaluate(batches);
  const Accuracy two = TorchBackend(network, pool).evaluate(batches);
  CHECK(one.top1 == two.top1);
  CHECK(one.top5 == two.top5);
}

TEST_CASE("steps of SGD are the processor's: masks, teacher, dropout, augmentation", "[torch]") {
  ThreadPool pool(2);
  const Dataset data = quarters(90, 1);
  const Loaded loaded(data);
  Random random(4);
  Network teacher = small_classifier(9);
  TrainConfig config;
  config.batch = 40;
  config.variants = GENERATE(0, 2);
  config.augment = GENERATE(true, false);
  for (const bool masked : {false, true}) {
    const auto masks =
        masked ? random_masks(random, small_classifier(1), 2) : std::vector<PruneMask>{};
    const auto train = [&](const MakeBackend& make, const ImageSource& source, double& loss) {
      Network network = small_classifier(1);
      const auto backend = make(network, pool);
      backend->set_masks(masks);
      backend->begin_training(source, config, &teacher);
      const Augmentation augmentation{4, true, 7, 3};
      for (std::uint64_t s = 0; s < 3; ++s)
        loss =
            backend->train_step({range(10 * static_cast<Index>(s), 40 + 10 * static_cast<Index>(s)),
                                 config.augment ? &augmentation : nullptr, 0.05, s});
      backend->fetch();
      Values all = everything(network);
      for (const NamedTensor& t : backend->momentum()) {
        const Values momentum = values_of(*t.tensor);
        all.insert(all.end(), momentum.begin(), momentum.end());
      }
      return all;
    };
    double cpu = 0.0, torch = 0.0, by_batch = 0.0;
    const Values expected = train(cpu_backend, data, cpu);
    const Values found = train(libtorch::backend(), data, torch);
    CHECK(error_of(found, expected) < 1e-3);
    CHECK(std::abs(torch - cpu) < 1e-4);
    CHECK(train(libtorch::backend(), loaded, by_batch) == found);
  }
}

TEST_CASE("dropout's zeros are the processor's to the bit", "[torch]") {
  ThreadPool pool(2);
  Network network({3, 2, 5});
  network.append("first", Identity{});
  network.dropout("d", 0.3);
  network.linear("l", 2);
  Random random(3);
  for (const Index images : {1, 32, 67}) {
    Activation x = random_activation(random, {3, 2, 5}, images), y = x;
    const Activation* read[] = {&x};
    std::vector<float> unused;
    const std::uint64_t seed = 0x123456789, step = 11, draw = step * 4 + 2;  // node 2 of 4
    REQUIRE(network.node(2).op.forward({network.node(2), read, y, Mode::training, false, 0.0, seed,
                                        draw, unused, pool, nn::Part(y.images())}));
    libtorch::Graph graph(network, {}, pool);
    at::Tensor found;
    (void)graph.forward(libtorch::copy_to(at::kCPU, x),
                        {.mode = Mode::training, .seed = seed, .step = step},
                        [&](Index node, std::span<const at::Tensor>, const at::Tensor& out) {
                          if (node == 2) found = out;
                        });
    CHECK(values_of(libtorch::host_maps(found)) == values_of(y));
  }
}

TEST_CASE("weights and inputs are rounded as on the processor", "[torch]") {
  ThreadPool pool(2);
  const Dataset data = quarters(64, 1);
  Network network = small_classifier(1), other = network;
  Random random(6);
  const std::vector<PruneMask> masks = random_masks(random, network, 2);
  std::vector<LayerCodes> codes(masks.size(), {{3, 0.4, true}, {5, 1.5, true}});
  for (Index c = 0; c < network.node(network.matrix_layers().front()).filters(); ++c)
    codes.front().ranges.push_back(static_cast<float>(random.uniform(0.2, 1.0)));
  TorchBackend there(network, pool);
  CpuBackend here(other, pool);
  const std::vector<Batch> batches = load_batches(data, range(0, 64), pool, 64);
  const auto plain = values_of(there.logits(batches.front()));
  for (Backend* backend : std::initializer_list<Backend*>{&there, &here}) {
    backend->set_masks(masks);
    backend->set_codes(codes);
  }
  const auto expected = values_of(here.session().logits_of(batches.front().images));
  // Sums in another order may round the other way, now and then.
  CHECK(error_of(values_of(there.logits(batches.front())), expected) < 0.02);
  CHECK(error_of(plain, expected) > 0.05);
  TrainConfig config;
  config.augment = false;
  for (Backend* backend : std::initializer_list<Backend*>{&there, &here}) {
    backend->begin_training(data, config, nullptr);
    const std::vector<Index> images = range(0, 32);
    backend->train_step({images, nullptr, 0.05, 0});
    backend->fetch();
  }
  for (const Index i : network.matrix_layers())
    CHECK(error_of(values_of(network.node(i).weight), values_of(other.node(i).weight)) < 0.02);
  codes.pop_back();
  CHECK(error_of([&] { there.set_codes(codes); }) == ErrorId::shape_mismatch);
}

TEST_CASE("momentum has the processor's names", "[torch]") {
  ThreadPool pool(1);
  Network network = every_op();
  const Dataset data = quarters(4, 1, {2, 9, 12});
  CpuBackend cpu(network, pool);
  TorchBackend torch(network, pool);
  cpu.begin_training(data, {}, nullptr);
  torch.begin_training(data, {}, nullptr);
  const std::vector<NamedTensor> one = cpu.momentum(), two = torch.momentum();
  REQUIRE(one.size() == two.size());
  for (std::size_t k = 0; k < one.size(); ++k) {
    CHECK(one[k].name == two[k].name);
    CHECK(one[k].tensor->shape() == two[k].tensor->shape());
  }
}

TEST_CASE("pruned weights and their momentum stay as they are, whatever they hold", "[torch]") {
  ThreadPool pool(1);
  const Dataset data = quarters(64, 1);
  Network network = small_classifier(1);
  Random random(6);
  const std::vector<PruneMask> masks = random_masks(random, network, 2);
  TorchBackend backend(network, pool);
  backend.begin_training(data, {}, nullptr);
  const auto for_pruned = [&](auto&& f) {
    std::size_t k = 0;
    for (const Index i : network.matrix_layers()) {
      const PruneMask& mask = masks[k++];
      for (const NamedTensor& t : backend.momentum())
        if (t.name == network.node(i).name + ".weight.velocity")
          for (Index r = 0; r < mask.rows(); ++r)
            for (Index c = 0; c < mask.cols(); ++c)
              if (!mask.kept(mask.group_of(r), c))
                f(weight_matrix(network.node(i).weight)(c, r), weight_matrix(*t.tensor)(c, r),
                  static_cast<float>(r + c));
    }
  };
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  Index pruned = 0;
  for_pruned([&](float& w, float& v, float number) {
    w = ++pruned % 3 == 0 ? nan : number;
    v = 2.0F * number;
  });
  REQUIRE(pruned > 20);
  backend.weights_changed();
  backend.set_masks(masks);
  for (std::uint64_t s = 0; s < 5; ++s) (void)backend.train_step({range(0, 64), nullptr, 0.1, s});
  backend.fetch();
  Index seen = 0;
  for_pruned([&](float w, float v, float number) {
    CHECK((++seen % 3 == 0 ? std::isnan(w) : w == number));
    CHECK(v == 2.0F * number);
  });
}

TEST_CASE("a resumed training ends in the same bits", "[torch]") {
  const Dataset data = quarters(130, 4);
  ThreadPool pool(2);
  Network teacher = small_classifier(9);
  TrainConfig config;
  config.epochs = 3;
  config.batch = 40;
  const auto train = [&](bool stops) {
    Network network = small_classifier(1);
    const auto masks = [&](double progress) {  // of the weights of the moment
      const double least = 0.05 * progress;
      std::vector<PruneMask> all;
      for (const Index i : network.matrix_layers()) {
        const ConstMatrixView w = weight_matrix(std::as_const(network).node(i).weight);
        all.emplace_back(w.cols(), w.rows(), 1);
        for (Index r = 0; r < w.cols(); ++r)
          for (Index c = 0; c < w.rows(); ++c) all.back().set(r, c, std::abs(w(c, r)) > least);
      }
      return std::optional(all);
    };
    const auto make = [&] {
      return std::make_unique<Trainer>(network, data, range(0, 130), config, pool, &teacher,
                                       libtorch::backend());
    };
    auto trainer = make();
    Values losses;
    while (!trainer->done()) {
      losses.push_back(trainer->run_epoch(masks).loss);
      if (!stops) continue;
      std::vector<Tensor> momentum;
      for (const NamedTensor& t : trainer->state()) momentum.push_back(*t.tensor);
      const Index epoch = trainer->epoch();
      const std::vector<PruneMask> reached = trainer->masks();
      trainer = make();
      for (std::size_t k = 0; k < momentum.size(); ++k) *trainer->state()[k].tensor = momentum[k];
      trainer->resume(epoch, reached);
    }
    CHECK(losses.back() < losses.front());
    Values all = everything(network);
    all.push_back(losses.back());
    return all;
  };
  CHECK(train(true) == train(false));
}

TEST_CASE("images that lie on the device are the source's to the bit", "[torch]") {
  ThreadPool pool(2);
  Dataset data = quarters(70, 2, {2, 7, 9});
  data.border = 2;
  data.mean = {0.4F, 0.6F};
  data.stddev = {0.2F, 0.3F};
  std::vector<Index> order = Random(5).permutation(70);
  order.resize(45);
  libtorch::TrainingImages resident(data, at::kCPU, 1 << 20), loaded(data, at::kCPU, 100);
  const Augmentation augmentation{3, true, 11, 2};
  for (const Augmentation* how : {static_cast<const Augmentation*>(nullptr), &augmentation}) {
    Batch batch;
    data.load(order, how, batch, pool);
    const Values expected = values_of(batch.images);
    CHECK(values_of(libtorch::host_maps(resident.load(order, how, pool))) == expected);
    CHECK(values_of(libtorch::host_maps(loaded.load(order, how, pool))) == expected);
  }
  CHECK(error_of([&] { (void)resident.labels(order, 2); }) == ErrorId::bad_label);
}

TEST_CASE("statistics of a single number are the processor's", "[torch]") {
  ThreadPool pool(1);
  Network network({3, 1, 1});
  network.batch_norm("b");
  network.linear("l", 2);
  randomise(network, 2);
  Network other = network;
  Random random(2);
  const std::vector<Batch> batches = {random_batch(random, {3, 1, 1}, 1, 2)};
  CpuBackend(network, pool).recalibrate(batches);
  TorchBackend(other, pool).recalibrate(batches);
  CHECK(error_of(everything(other), everything(network)) < 1e-6);
}

TEST_CASE("what isn't a finite number is found, and its layer named", "[torch]") {
  ThreadPool pool(1);
  Random random(2);
  const std::vector<Batch> batches = {random_batch(random, {1, 8, 8}, 4, 4)};
  const auto spoil = [&](auto&& change) {
    Network network = small_classifier(1);
    change(network);
    TorchBackend backend(network, pool);
    return message_of([&] { (void)backend.evaluate(batches); });
  };
  const auto has = [](const std::string& text) { return Catch::Contains(text); };
  CHECK_THAT(spoil([](Network& n) { n.node(1).weight(3) = NAN; }),
             has("numeric.501") && has("conv 'c1'"));
  CHECK_THAT(spoil([](Network& n) { n.node(2).running_var(1) = INFINITY; }),
             has("batch_norm 'b1'") && has("running_var"));
  CHECK_THAT(spoil([](Network& n) { n.node(2).running_var(1) = -1.0F; }), has("negative"));
  // The ReLU behind makes a 0 of it.
  CHECK_THAT(spoil([](Network& n) {
               n.node(1).weight.fill(0.0F);
               for (Index f = 0; f < 8; ++f) n.node(2).bias(f) = -3e38F;
               for (Index f = 0; f < 8; ++f) n.node(2).running_mean(f) = 3e38F;
             }),
             has("batch_norm 'b1'") && has("puts out NaN or infinity"));
  // So does it in training, where numbers of this size alone are looked at.
  const Dataset data = quarters(40, 1);
  for (const float large : {1.0F, 1e30F, 3e38F}) {
    INFO(large);
    Network trained = small_classifier(1);
    trained.node(2).weight.fill(large);
    trained.node(2).bias.fill(-large);
    TorchBackend trains(trained, pool);
    trains.begin_training(data, {}, nullptr);
    const std::string message = message_of([&] {
      (void)trains.train_step({range(0, 40), nullptr, 1e-9, 0});
    });
    if (large > 1e35F)
      CHECK_THAT(message, has("batch_norm 'b1'") && has("puts out NaN or infinity"));
    else
      CHECK(message == "nothing was thrown");
  }
  Network network = small_classifier(1);
  TorchBackend backend(network, pool);
  std::vector<Batch> bad = batches;
  bad[0].images.at(2, 0, 3, 3) = NAN;
  CHECK_THAT(message_of([&] { (void)backend.evaluate(bad); }), has("the images hold NaN"));
  CHECK(backend.evaluate(batches).top5 == 100.0);
}

TEST_CASE("what can't be run is refused", "[torch]") {
  ThreadPool pool(1);
  Network network = small_classifier(1);
  TorchBackend backend(network, pool);
  CHECK(error_of([&] { (void)backend.train_step({}); }) == ErrorId::wrong_order);
  CHECK(error_of([&] { (void)backend.momentum(); }) == ErrorId::wrong_order);
  CHECK(error_of([&] { backend.set_masks({PruneMask(9, 8, 1)}); }) == ErrorId::mask_mismatch);
  CHECK(error_of([&] {
          backend.set_masks({PruneMask(9, 7, 1), PruneMask(128, 4, 1)});
        }) == ErrorId::mask_mismatch);
  CHECK(backend.masks().empty());
  CHECK(error_of([&] { (void)backend.evaluate({}); }) == ErrorId::empty_data);
  Random random(2);
  const std::vector<Batch> other = {random_batch(random, {1, 8, 9}, 4, 4)};
  CHECK(error_of([&] { (void)backend.evaluate(other); }) == ErrorId::shape_mismatch);
  const std::vector<Batch> labels = {random_batch(random, {1, 8, 8}, 40, 9)};
  CHECK(error_of([&] { (void)backend.evaluate(labels); }) == ErrorId::bad_label);
  for (const char* name : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "cuda:1000"}) {
    INFO(name);
    CHECK(error_of([&] { (void)libtorch::find_device(name); }) == ErrorId::unknown_name);
  }
  CHECK(libtorch::options_of("cpu+bf16").bfloat16);
  CHECK(libtorch::options_of("cpu+bf16").device == "cpu");
  CHECK_FALSE(libtorch::options_of("cpu").bfloat16);
  for (const char* name : {"cpu+fp16", "cuda:0+", "+bf16", "cpu+bf16+bf16"})
    CHECK(error_of([&] { (void)libtorch::options_of(name); }) == ErrorId::unknown_name);
  if (!torch::cuda::is_available())
    CHECK(error_of([&] { (void)libtorch::find_device("cuda:1"); }) == ErrorId::missing_component);
}

TEST_CASE("an operation of one's own needs an expression", "[torch]") {
  ThreadPool pool(1);
  Network network({1, 4, 4});
  network.append("t1", Twice{});
  network.linear("l", 3);
  network.append("t2", Twice{});
  randomise(network, 4);
  CHECK_THAT(message_of([&] { TorchBackend(network, pool); }),
             Catch::Contains("twice 't1', twice 't2'"));
  libtorch::register_expression(libtorch::expression<Twice>(
      [](const Twice&, const libtorch::Pass& pass) { return 2.0 * pass.x(); }));
  Random random(2);
  const Batch batch = random_batch(random, {1, 4, 4}, 5, 3);
  Session session(network, pool);
  const Values expected = values_of(session.forward(batch.images, Mode::inference));
  CHECK(of_range(values_of(TorchBackend(network, pool).logits(batch)), expected) < 1e-5);
}
