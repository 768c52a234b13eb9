"""The networks and the round of `pretraining_peers` in PyTorch, layer by layer: needs torch alone.

Sizes come as the fields of our methods. Augmentations are those of `sims.images.views`, in batches on tensors, and the
optimiser is the fused one: what a careful PyTorch user would write for clients in sequence.
"""
# pyright: reportMissingImports=false

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as fn
from torch import Tensor, nn


class Block(nn.Module):
    """Attention and perceptron on normalised tokens."""

    def __init__(self, width: int, heads: int, mlp_ratio: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, mlp_ratio * width), nn.Linear(mlp_ratio * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        n, size, width = tokens.shape
        parts = self.qkv(self.norm_attention(tokens)).reshape(n, size, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = fn.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(n, size, width))
        return tokens + self.contract(fn.gelu(self.expand(self.norm_mlp(tokens))))


class Vit(nn.Module):
    """Tokens of patches; the values of the fixed positions do not matter for the time."""

    def __init__(self, sizes: dict[str, Any], side: int, channels: int) -> None:
        super().__init__()
        self.patch, width = sizes["patch_size"], sizes["width"]
        self.feature_dim, self.patch_dim, self.n_patches = width, self.patch**2 * channels, (side // self.patch) ** 2
        self.register_buffer("positions", torch.randn(self.n_patches, width))
        self.embed, self.norm = nn.Linear(self.patch_dim, width), nn.LayerNorm(width, eps=1e-6)
        self.blocks = nn.Sequential(*[Block(width, sizes["heads"], sizes["mlp_ratio"]) for _ in range(sizes["depth"])])

    def patches(self, images: Tensor) -> Tensor:
        """The patches of images (n, channels, side, side), row by row."""
        n, c, h, w = images.shape
        p = self.patch
        return images.reshape(n, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1).reshape(n, -1, p * p * c)

    def tokens(self, patches: Tensor, places: Tensor) -> Tensor:
        """The normalised tokens of patches with these positions."""
        return self.norm(self.blocks(self.embed(2 * patches - 1) + places))

    def forward(self, images: Tensor) -> Tensor:
        return self.tokens(self.patches(images), self.positions).mean(1)


class Residual(nn.Module):
    """Two convolutions, added to what came in."""

    def __init__(self, inputs: int, outputs: int, stride: int, groups: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.GroupNorm(groups, outputs, eps=1e-6)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.GroupNorm(groups, outputs, eps=1e-6)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            convolution = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut = nn.Sequential(convolution, nn.GroupNorm(groups, outputs, eps=1e-6))

    def forward(self, maps: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(fn.relu(self.norm1(self.conv1(maps)))))
        return fn.relu(inner + self.shortcut(maps))


class ResNet(nn.Module):
    """Four stages of residual blocks, normalised by groups."""

    def __init__(self, sizes: dict[str, Any], channels: int) -> None:
        super().__init__()
        if sizes["norm"] != "group":
            raise ValueError(f"Only norm='group' is written here; got {sizes['norm']!r}.")
        width, groups, is_large = sizes["channels"], sizes["groups"], sizes["stem"] == "large"
        kernel, stride = (7, 2) if is_large else (3, 1)
        stem = nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False)
        layers: list[nn.Module] = [stem, nn.GroupNorm(groups, width, eps=1e-6), nn.ReLU()]
        layers += [nn.MaxPool2d(3, 2, 1)] if is_large else []
        inputs = width
        for stage in range(4):
            for i in range(sizes["blocks"]):
                layers.append(Residual(inputs, 2**stage * width, 2 if stage and not i else 1, groups))
                inputs = 2**stage * width
        self.layers, self.feature_dim = nn.Sequential(*layers), inputs

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).mean((2, 3))


class Mae(nn.Module):
    """A masked autoencoder: each image under a mask of its own, loss over what was hidden."""

    def __init__(self, sizes: dict[str, Any], side: int, channels: int) -> None:
        super().__init__()
        if sizes["strength"] or not sizes["normalise"]:
            raise ValueError("Only strength=0 and normalise=True are written here.")
        self.encoder = Vit(sizes["encoder"], side, channels)
        width = sizes["decoder_width"]
        self.n_kept = math.floor(self.encoder.n_patches * (1 - sizes["mask_ratio"]) + 1e-9)
        self.embed, self.norm = nn.Linear(self.encoder.feature_dim, width), nn.LayerNorm(width, eps=1e-6)
        self.mask_token = nn.Parameter(0.02 * torch.randn(width))
        self.register_buffer("positions", torch.randn(self.encoder.n_patches, width))
        self.blocks = nn.Sequential(*[Block(width, sizes["decoder_heads"], 4) for _ in range(sizes["decoder_depth"])])
        self.predict = nn.Linear(width, self.encoder.patch_dim)

    def loss(self, images: Tensor) -> Tensor:
        """The mean squared error under fresh masks."""
        return self.loss_under(images, torch.rand(len(images), self.encoder.n_patches).argsort(1))

    def loss_under(self, images: Tensor, order: Tensor) -> Tensor:
        """The same when each image keeps the first patches of its `order`."""
        patches = self.encoder.patches(images)
        kept, hidden = order[:, : self.n_kept], order[:, self.n_kept :]
        seen = self.encoder.tokens(_taken(patches, kept), self.encoder.positions[kept])
        known = self.embed(seen)
        shuffled = torch.cat([known, self.mask_token.expand(len(images), hidden.shape[1], -1)], 1)
        tokens = self.blocks(_taken(shuffled, order.argsort(1)) + self.positions)
        target = _taken(patches, hidden)
        variance, mean = torch.var_mean(target, -1, keepdim=True)
        target = (target - mean) / (variance + 1e-6).sqrt()
        return fn.mse_loss(_taken(self.predict(self.norm(tokens)), hidden), target)


class SimSiam(nn.Module):
    """Two views, one encoder, batch statistics of each view in the heads."""

    def __init__(self, sizes: dict[str, Any], side: int, channels: int) -> None:
        super().__init__()
        if sizes["norm"] != "batch" or sizes["views"] != "per_step" or sizes["strength"] != 1 or sizes["noise_std"]:
            raise ValueError("Only the default views and heads are written here.")
        encoder = sizes["encoder"]
        self.encoder = Vit(encoder, side, channels) if "patch_size" in encoder else ResNet(encoder, channels)
        hidden, out, neck = sizes["hidden_dim"], sizes["embedding_dim"], sizes["bottleneck_dim"]
        inputs = self.encoder.feature_dim
        self.projector = nn.Sequential(
            *_normalised(inputs, hidden),
            *_normalised(hidden, hidden),
            nn.Linear(hidden, out, bias=False),
            _norm(out, False),
        )
        self.predictor = nn.Sequential(*_normalised(out, neck), nn.Linear(neck, out))

    def loss(self, images: Tensor) -> Tensor:
        """Minus the cosines of two fresh views."""
        return self.loss_of(augmented(images), augmented(images))

    def loss_of(self, one: Tensor, other: Tensor) -> Tensor:
        """The same of given views."""
        features = self.encoder(torch.cat([one, other])).chunk(2)
        z = [self.projector(f) for f in features]
        p = [self.predictor(e) for e in z]
        cosines = [fn.cosine_similarity(p[i], z[1 - i].detach()).mean() for i in (0, 1)]
        return -0.5 * (cosines[0] + cosines[1])


def augmented(images: Tensor) -> Tensor:
    """A crop, perhaps mirrored, then perhaps other brightness and contrast: `sims.images.views.augment` on grey images.

    Errors: ValueError for images in colour.
    """
    n, channels, _, _ = images.shape
    if channels != 1:
        raise ValueError(f"Only grey images are written here; got {channels} channels.")
    area, ratio, top, left, mirror, is_changed, brightness, contrast = torch.rand(8, n)
    area, sides = 1 - 0.8 * area, torch.exp(math.log(4 / 3) * (ratio - 0.5))
    height, width = (area.sqrt() / sides).clamp(max=1), (area.sqrt() * sides).clamp(max=1)
    # A box from `start` of length `share` has its centre at 2 start + share - 1 in coordinates from -1 to 1.
    boxes = torch.zeros(n, 2, 3)
    boxes[:, 0, 0] = torch.where(mirror < 0.5, -width, width)
    boxes[:, 0, 2] = 2 * left * (1 - width) + width - 1
    boxes[:, 1, 1] = height
    boxes[:, 1, 2] = 2 * top * (1 - height) + height - 1
    grid = fn.affine_grid(boxes, list(images.shape), align_corners=False)
    parts = fn.grid_sample(images, grid, padding_mode="border", align_corners=False)
    brightness, contrast = (0.6 + 0.8 * x[:, None, None, None] for x in (brightness, contrast))
    changed = (brightness * parts).clamp(0, 1)
    changed = (contrast * changed + (1 - contrast) * changed.mean((2, 3), keepdim=True)).clamp(0, 1)
    return torch.where(is_changed[:, None, None, None] < 0.8, changed, parts)


def prepared(
    images: np.ndarray,
    clients: list[np.ndarray],
    *,
    method: str,
    sizes: dict[str, Any],
    descent: dict[str, Any],
    channels_last: bool = False,
) -> tuple[Callable[[], dict[str, float]], dict[str, float]]:
    """One round of clients in sequence from the same start each time, and what is counted: parameters.

    A round answers with its steps, how far the model moved, and the mean loss.
    """
    torch.manual_seed(0)
    data = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    model = (Mae if method == "mae" else SimSiam)(sizes, images.shape[1], images.shape[3])
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    parameters = list(model.parameters())
    start = [p.detach().clone() for p in parameters]
    shares = [torch.from_numpy(held) for held in clients]
    n_images, size = sum(map(len, shares)), descent["batch_size"]

    def trained(held: Tensor) -> list[float]:
        """The losses of one client's round."""
        optimizer = _optimizer(parameters, descent)
        per_pass = max(1, len(held) // size)
        losses: list[Tensor] = []
        for k in range(descent["steps"] or descent["epochs"] * per_pass):
            if k % per_pass == 0:
                order = held[torch.randperm(len(held))]
            batch = data[order[(k % per_pass) * size : (k % per_pass + 1) * size]].float() / 255
            optimizer.zero_grad()
            loss = model.loss(batch)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).tolist()

    def run() -> dict[str, float]:
        mean, losses = [torch.zeros_like(p) for p in start], []
        for held in shares:
            with torch.no_grad():
                torch._foreach_copy_(parameters, start)
            losses += trained(held)
            with torch.no_grad():
                torch._foreach_add_(mean, parameters, alpha=len(held) / n_images)
        moved = math.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(mean, start, strict=True)))
        return {"steps": len(losses), "moved": moved, "loss": sum(losses) / len(losses)}

    return run, {"parameters": sum(p.numel() for p in parameters)}


def _optimizer(parameters: list[nn.Parameter], descent: dict[str, Any]) -> torch.optim.Optimizer:
    rate, decay = descent["learning_rate"], descent["weight_decay"]
    if descent["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, rate, weight_decay=decay, fused=True)
    return torch.optim.AdamW(parameters, rate, betas=(0.9, 0.95), weight_decay=decay, fused=True)


def _taken(rows: Tensor, places: Tensor) -> Tensor:
    return rows.gather(1, places[:, :, None].expand(-1, -1, rows.shape[2]))


def _normalised(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, outputs, bias=False), _norm(outputs, True), nn.ReLU()


def _norm(width: int, is_scaled: bool) -> nn.Module:
    return nn.BatchNorm1d(width, affine=is_scaled, track_running_stats=False)
