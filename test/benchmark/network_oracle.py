"""The reference executor's network once more, dense, in NumPy: it counts the same operations.

Usage: python network_oracle.py MODEL SEED TOKENS TIMESTEPS SAMPLES
Prints the synaptic operations of each sample as a JSON list.
"""

import json
import math
import sys

import numpy as np

MASK = 0xFFFFFFFF
RATE = 0.12
BINS = 4096
HEAD = 64
# Width, blocks, and whether tokens are words.
MODELS = {"vit-tiny": (192, 12, False), "bert-tiny": (128, 2, True)}


class Xoshiro:
    """xoshiro128** 1.1, its state filled by splitmix32 from the seed and the FNV-1a of a name."""

    def __init__(self, seed: int, name: str) -> None:
        hashed = 0x811C9DC5
        for char in name:
            hashed = ((hashed ^ ord(char)) * 0x01000193) & MASK
        at = (seed ^ hashed) & MASK
        self.state = []
        for _ in range(4):
            at = (at + 0x9E3779B9) & MASK
            mixed = ((at ^ (at >> 16)) * 0x85EBCA6B) & MASK
            mixed = ((mixed ^ (mixed >> 13)) * 0xC2B2AE35) & MASK
            self.state.append(mixed ^ (mixed >> 16))

    def u32(self) -> int:
        a, b, c, d = self.state
        five = (b * 5) & MASK
        drawn = (((five << 7) | (five >> 25)) * 9) & MASK
        c, d = c ^ a, d ^ b
        b, a = b ^ c, a ^ d
        c ^= (self.state[1] << 9) & MASK
        d = ((d << 11) | (d >> 21)) & MASK
        self.state = [a, b, c, d]
        return drawn

    def unit(self) -> float:
        return self.u32() / 4294967296


def weights(inputs: int, outputs: int, random: Xoshiro) -> np.ndarray:
    """[inputs, outputs] odd numbers of 8 bits, two from each draw."""
    drawn = np.array([random.u32() for _ in range(inputs * outputs // 2)], dtype=np.int64)
    pairs = np.stack([drawn & 255, (drawn >> 8) & 255], axis=1) | 1
    return np.where(pairs > 127, pairs - 256, pairs).reshape(inputs, outputs)


class Neurons:
    """[tokens, width] leaky integrate-and-fire neurons with one threshold."""

    def __init__(self, tokens: int, width: int) -> None:
        self.potential = np.zeros((tokens, width), np.int64)
        self.threshold = 1
        self.found: list[int] = []

    def fire(self, current: np.ndarray, calibrates: bool) -> np.ndarray:
        reached = (self.potential >> 1) + current
        if calibrates:
            self.threshold = self.threshold_for(reached)
            self.found.append(self.threshold)
        fires = reached >= self.threshold
        self.potential = np.where(fires, reached - self.threshold, reached)
        return fires.astype(np.int64)

    def threshold_for(self, reached: np.ndarray) -> int:
        scale = BINS / (max(1, int(reached.max())) + 1)
        above = reached[reached > 0]
        bins = np.bincount(np.floor(above * scale).astype(int), minlength=BINS)
        wanted = math.floor(reached.size * RATE)
        count = 0
        for each in range(BINS - 1, 0, -1):
            count += bins[each]
            if count >= wanted:
                return max(1, math.floor(each / scale))
        return 1


class Network:
    def __init__(self, model: str, seed: int, tokens: int, timesteps: int) -> None:
        self.model, self.seed, self.tokens, self.timesteps = model, seed, tokens, timesteps
        self.dim, blocks, self.words = MODELS[model]
        dim, mlp = self.dim, 4 * self.dim
        self.embed = None if self.words else weights(768, dim, self.random("embed"))
        self.blocks = []
        for block in range(blocks):
            random = self.random(f"block {block}")
            matrices = [weights(dim, dim, random) for _ in range(4)]
            matrices += [weights(dim, mlp, random), weights(mlp, dim, random)]
            layers = [Neurons(tokens, dim) for _ in range(6)] + [Neurons(tokens, mlp)]
            self.blocks.append((matrices, layers))
        self.ends = [(Neurons(1, dim), None)]
        if self.words:
            self.ends.append((Neurons(1, dim), weights(dim, dim, self.random("pooler"))))
        self.classes = 2 if self.words else 1000

    def random(self, name: str) -> Xoshiro:
        return Xoshiro(self.seed, f"{self.model} {name}")

    def neurons(self) -> list[Neurons]:
        return [each for _, layers in self.blocks for each in layers] + [n for n, _ in self.ends]

    def input(self, sample: int) -> tuple[np.ndarray, list[np.ndarray]]:
        shape = (self.tokens, self.dim)
        positions, random = self.random("positions"), self.random(f"input {sample}")
        current = embedding(positions, shape)
        if self.words:
            return current + embedding(random, shape), []
        rates = [random.unit() * 0.5 for _ in range(self.tokens * 768)]
        pixels = []
        for _ in range(self.timesteps):
            fired = [random.unit() < rate for rate in rates[768:]]
            pixels.append(np.array([0] * 768 + fired, dtype=np.int64).reshape(self.tokens, 768))
        return current, pixels

    def run(self, sample: int, calibrates: bool = False) -> int:
        for neurons in self.neurons():
            neurons.potential[:] = 0
        current, pixels = self.input(sample)
        operations = 0
        for step in range(self.timesteps):
            shortcut = current.copy()
            if self.embed is not None:
                shortcut += pixels[step] @ self.embed
                operations += int(pixels[step].sum()) * self.dim
            for block in self.blocks:
                operations += self.step(block, shortcut, calibrates)
            first = shortcut[:1]
            for neurons, matrix in self.ends:
                if matrix is not None:
                    operations += int(spikes.sum()) * self.dim
                    first = spikes @ matrix
                spikes = neurons.fire(first, calibrates)
            operations += int(spikes.sum()) * self.classes
        if calibrates:
            for neurons in self.neurons():
                mean = sum(neurons.found) / len(neurons.found)
                neurons.threshold = max(1, math.floor(mean + 0.5))
        return operations

    def step(self, block: tuple, shortcut: np.ndarray, calibrates: bool) -> int:
        (w_query, w_key, w_value, w_out, w_up, w_down), layers = block
        first, query_n, key_n, value_n, out_n, second, hidden_n = layers
        spikes = first.fire(shortcut, calibrates)
        operations = 3 * int(spikes.sum()) * self.dim
        query = query_n.fire(spikes @ w_query, calibrates)
        key = key_n.fire(spikes @ w_key, calibrates)
        value = value_n.fire(spikes @ w_value, calibrates)
        attention = np.zeros_like(query)
        for head in range(0, self.dim, HEAD):
            q, k, v = (each[:, head : head + HEAD] for each in (query, key, value))
            attention[:, head : head + HEAD] = q @ k.T @ v
            operations += int((k.sum(1) * v.sum(1)).sum()) + int(q.sum()) * HEAD
        spikes = out_n.fire(attention, calibrates)
        shortcut += spikes @ w_out
        operations += int(spikes.sum()) * self.dim
        spikes = second.fire(shortcut, calibrates)
        hidden = hidden_n.fire(spikes @ w_up, calibrates)
        shortcut += hidden @ w_down
        return operations + int(spikes.sum()) * w_up.shape[1] + int(hidden.sum()) * self.dim


def embedding(random: Xoshiro, shape: tuple[int, int]) -> np.ndarray:
    drawn = [math.floor(random.unit() * 2047) - 1023 for _ in range(shape[0] * shape[1])]
    return np.array(drawn, dtype=np.int64).reshape(shape)


def main(model: str, *numbers: str) -> None:
    seed, tokens, timesteps, samples = map(int, numbers)
    network = Network(model, seed, tokens, timesteps)
    network.run(-1, calibrates=True)
    print(json.dumps([network.run(sample) for sample in range(samples)]))


main(*sys.argv[1:])
