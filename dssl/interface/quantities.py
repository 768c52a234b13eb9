"""One function for each quantity of the calculator. Written by `python -m dssl.interface.written`.

A quantity of the data model takes a `Setting`, whose fields may be arrays; one of a network takes a `Network`, or
anything that a `Network` is made of; the others take plain keys. Keys are those of the command line.
"""

from typing import Any, Literal

from dssl.interface.settings import Numbers, Setting
from dssl.interface.values import of_keys, of_network, of_setting


def a_mmd(
    x: Any | str,
    y: Any | str,
    *,
    bandwidth: Any = "mean",
    estimator: Literal["unbiased", "printed", "released"] = "unbiased",
) -> Any:
    """Adaptive MMD of a local and a global batch of embeddings, Eq (6): unbiased, printed or released.

    `x` (local) and `y` (global): paths of .npy files, (batch, feature) or (batch, token, feature), or lists of rows.
    `bandwidth`: mean, median or a number. unbiased is Eq (6) with the squared distance; printed has the distance not
    squared; released is what the released code computes.

    - x: the local batch, one row a sample: a nested list or a .npy file.
    - y: the global batch, one row a sample: a nested list or a .npy file.
    - bandwidth: length scale of the Gaussian kernel: a number, or the mean or median distance.
    - estimator: how the distance of the batches is estimated.

    Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said.
    `dssl.compute("a_mmd", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.a_mmd([[0.0, 1.0], [1.0, 0.0]], [[2.0, 1.0], [1.0, 2.0]], bandwidth=1.0)
    >>> print(f"{value:.4g}")
    0.2325
    """
    return of_keys("a_mmd", x=x, y=y, bandwidth=bandwidth, estimator=estimator)


def communication_overhead(
    *,
    visible_tokens: Numbers,
    width: Numbers,
    batch: Numbers,
    model_parameters: Numbers,
) -> Any:
    """Bytes of one batch of embeddings and of one model in float32, and their ratio (A.5).

    `visible_tokens` of an image (49 of ViT-B/16 at a mask ratio of 3/4), each `width` wide; images in a `batch`.

    - visible_tokens: tokens of an image that the encoder sees.
    - width: numbers in one token's embedding.
    - batch: images of one batch.
    - model_parameters: weights of the whole model.

    Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said.
    `dssl.compute("communication_overhead", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.communication_overhead(visible_tokens=49, width=768, batch=256, model_parameters=8e7)["ratio"]
    >>> print(f"{value:.4g}")
    0.1204
    """
    return of_keys(
        "communication_overhead",
        visible_tokens=visible_tokens,
        width=width,
        batch=batch,
        model_parameters=model_parameters,
    )


def concentration_threshold(
    objective: Literal["cl", "mim"],
    *,
    draws: Any = 1,
    n_growth: Literal["fixed", "paper"] = "paper",
    scope: Literal["local", "fl"] = "local",
    block: Literal["signal", "coupling", "noise", "all"] = "all",
) -> Any:
    """Least beta with |X - EX| = O(d^(-2/5)) for mim, O(d^(-1/5)) for cl.

    `block` asks for one block of the matrix; `scope` whose matrix.

    - objective: contrastive learning (cl), or masked image modelling (mim).
    - draws: pairs of views, or of masks, taken of each sample; "expected" averages over all of them.
    - n_growth: whether the number of clients is fixed, or grows like dim^(1/20) as in the paper.
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - block: the part of the matrix: signal, coupling, noise, or all of it.

    Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said.
    `dssl.compute("concentration_threshold", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.concentration_threshold("cl")
    >>> print(f"{value:.4g}")
    1.85
    """
    return of_keys(
        "concentration_threshold", objective=objective, draws=draws, n_growth=n_growth, scope=scope, block=block
    )


def consensus(
    network: Any,
    *,
    gradient_dissimilarity: Numbers,
    step_size: Numbers,
    local_steps: Numbers = 1,
    rounds: Numbers = None,
    curvature: Numbers = 0.0,
    noise_std: Numbers = 0.0,
    n_parameters: Numbers = None,
) -> Any:
    """Consensus error (1/N) sum |W_i - mean|^2 of a network at rest: predictions, bounds, and published bounds.

    `gradient_dissimilarity` is zeta^2, the mean squared distance of clients' gradients from their mean. `rounds` adds
    the values after so many rounds from a common start; `curvature` is a typical Hessian eigenvalue h, 0 for none;
    noise needs `noise_std`, an entry of one stochastic gradient, and `n_parameters`.

    - gradient_dissimilarity: zeta^2: mean squared distance of the clients' gradients from their mean. Unit: squared, of
      a gradient.
    - step_size: step size of gradient descent. Unit: 1 / covariance.
    - local_steps: gradient steps between two averagings.
    - rounds: rounds of training.
    - curvature: a typical eigenvalue of the loss's Hessian; 0 leaves it out. Unit: 1 / step size.
    - noise_std: standard deviation of the noise on every entry of a gradient. Unit: of a gradient.
    - n_parameters: weights of one model, feature_dim times dim; wanted beside noise_std.

    Gives an array of numbers, or a dict of them; NaN and a warning where the formula says nothing.
    `dssl.compute("consensus", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> ring = dssl.Network("ring", 8)
    >>> value = dssl.consensus(ring, gradient_dissimilarity=1.0, step_size=0.01)["at_rest"]
    >>> print(f"{value:.4g}")
    0.0004938
    """
    return of_network(
        "consensus",
        network,
        gradient_dissimilarity=gradient_dissimilarity,
        step_size=step_size,
        local_steps=local_steps,
        rounds=rounds,
        curvature=curvature,
        noise_std=noise_std,
        n_parameters=n_parameters,
    )


def deficit(
    setting: Setting,
    *,
    objective: Literal["cl", "mim"],
    draws: Any = None,
    mask: Literal["independent", "complementary", "fixed_count", "printed"] = "independent",
    scope: Literal["fl", "local_own", "local_other"] = "fl",
    selection: Literal["psd", "modulus"] = "psd",
) -> Any:
    """Mean deficit 1 - r_k over the scope at finite sample size: second order, or for literal masks a limit.

    `draws` defaults to one view pair a sample for cl, and to masks in expectation for mim. `selection=modulus` lets
    complementary masks use eigenvalues of either sign, which the loss does not.

    - objective: contrastive learning (cl), or masked image modelling (mim).
    - draws: pairs of views, or of masks, taken of each sample; "expected" averages over all of them.
    - mask: how the two masks of an image are drawn.
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - selection: eigenvalues that are kept: the largest positive ones (psd), or the largest in size (modulus).

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("deficit", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.deficit(s, objective="mim")
    >>> print(f"{value:.4g}")
    3.165e-05
    """
    return of_setting("deficit", setting, objective=objective, draws=draws, mask=mask, scope=scope, selection=selection)


def deficit_bound(
    setting: Setting,
    *,
    objective: Literal["cl", "mim"],
    scope: Literal["fl", "local_own", "local_other"] = "fl",
    delta: Numbers = 0.05,
    side: Literal["upper", "lower"] = "upper",
) -> Any:
    """Bound of 1 - r_k, for one k of the scope, that holds with probability 1 - delta at a finite sample.

    MIM: independent masks in expectation. CL: one draw a sample. n_i samples a client, no rare class.

    - objective: contrastive learning (cl), or masked image modelling (mim).
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - delta: failure probability: the bound holds with probability 1 - delta.
    - side: a bound from above, or from below.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("deficit_bound", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.deficit_bound(s, objective="cl", delta=0.05)
    >>> print(f"{value:.4g}")
    0.0004423
    """
    return of_setting("deficit_bound", setting, objective=objective, scope=scope, delta=delta, side=side)


def deficit_limit(
    setting: Setting,
    *,
    objective: Literal["cl", "mim"],
    gamma: Numbers = None,
    scope: Literal["fl", "local_own", "local_other"] = "fl",
) -> Any:
    """Mean 1 - r_k over the scope in the limit of a fixed ratio gamma of noise coordinates to samples.

    gamma = (d - N) / samples in the matrix; it may be given in place of the samples. `feature_dim` beyond N enters by
    its share (c - N)/(d - N) of the noise coordinates.

    - objective: contrastive learning (cl), or masked image modelling (mim).
    - gamma: noise coordinates per sample, (dim - n_clients) / samples, in place of a number of samples.
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("deficit_limit", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.deficit_limit(s, objective="cl")
    >>> print(f"{value:.4g}")
    0.0003405
    """
    return of_setting("deficit_limit", setting, objective=objective, gamma=gamma, scope=scope)


def dirichlet_dissimilarity(
    *,
    concentration: Numbers,
    convention: Literal["hsu2019", "released"] = "hsu2019",
    n_clients: Numbers = None,
    n_classes: Numbers = None,
    samples_per_client: Numbers = None,
    around: Literal["population", "sample"] = "population",
    moments: str | None = None,
    objective: Literal["cl", "mim"] = "cl",
    mask_ratio: Numbers = 0.75,
    mask: Literal["independent", "complementary", "fixed_count", "printed"] = "complementary",
) -> Any:
    """Heterogeneity of Dirichlet class shares, and gradient dissimilarity of classes given by their second moments.

    hsu2019: every client draws Dirichlet(concentration x class probabilities). released: every class draws
    Dirichlet(concentration) over clients, then clients and classes are balanced; it needs n_clients and n_classes.
    `samples_per_client` labels are drawn from the shares (none: the shares themselves). around=sample measures from the
    mean of the n_clients clients. `moments` is a .npz file with `second_moments` (classes, dim, dim), optionally
    `probabilities`, and optionally `model` (feature, dim), at which zeta^2 is then taken.

    - concentration: parameter of the Dirichlet distribution: the smaller, the more unequal the class shares.
    - convention: who draws from the Dirichlet distribution: every client (hsu2019), or every class (released).
    - n_clients: number of clients.
    - n_classes: number of classes.
    - samples_per_client: samples of each client.
    - around: the mean that heterogeneity is measured from: of the population, or of the clients drawn.
    - moments: a .npz file with the classes' second moments.
    - objective: contrastive learning (cl), or masked image modelling (mim).
    - mask_ratio: share of the pixels that the second mask lists.
    - mask: how the two masks of an image are drawn.

    Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said.
    `dssl.compute("dirichlet_dissimilarity", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.dirichlet_dissimilarity(concentration=0.1)["heterogeneity"]
    >>> print(f"{value:.4g}")
    0.9091
    """
    return of_keys(
        "dirichlet_dissimilarity",
        concentration=concentration,
        convention=convention,
        n_clients=n_clients,
        n_classes=n_classes,
        samples_per_client=samples_per_client,
        around=around,
        moments=moments,
        objective=objective,
        mask_ratio=mask_ratio,
        mask=mask,
    )


def effective_covariance(
    network: Any,
    *,
    step_size: Numbers,
    local_steps: Numbers = 1,
    feature_dim: Numbers = None,
    covariances: Any = None,
    dim: Numbers = None,
    tau: Numbers = None,
    mu: Numbers = None,
    objective: Literal["cl", "mim"] = "cl",
    mask: Literal["independent", "complementary", "fixed_count", "printed"] = "independent",
    mask_ratio: Numbers = 0.75,
) -> Any:
    """Effective covariance of a network's averaged model, its drift from the target, kappa and rotation.

    `covariances`: a .npz file with an array of that name, (clients, dim, dim), or the nested list itself. Without it,
    those of the paper's data model in `dim` dimensions: E[x x^T] for cl, times the masks' factor for mim. `feature_dim`
    is then n_clients by default. `local_steps` is E.

    - step_size: step size of gradient descent. Unit: 1 / covariance.
    - local_steps: gradient steps between two averagings.
    - feature_dim: number of features that the encoder keeps.
    - covariances: the clients' second moments, (clients, dim, dim): a .npz file, or a nested list.
    - dim: number of coordinates (pixels) of an image.
    - tau: size of the offsets along other clients' coordinates; dim^(1/5) if left out. Unit: of the inputs.
    - mu: standard deviation of the pixel noise; dim^(-1/5) if left out. Unit: of the inputs.
    - objective: contrastive learning (cl), or masked image modelling (mim).
    - mask: how the two masks of an image are drawn.
    - mask_ratio: share of the pixels that the second mask lists.

    Gives an array of numbers, or a dict of them; NaN and a warning where the formula says nothing.
    `dssl.compute("effective_covariance", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> path = dssl.Network("path", 3)
    >>> value = dssl.effective_covariance(path, step_size=0.01, dim=6, feature_dim=1)["drift_prediction"]
    >>> print(f"{value:.4g}")
    0.00466
    """
    return of_network(
        "effective_covariance",
        network,
        step_size=step_size,
        local_steps=local_steps,
        feature_dim=feature_dim,
        covariances=covariances,
        dim=dim,
        tau=tau,
        mu=mu,
        objective=objective,
        mask=mask,
        mask_ratio=mask_ratio,
    )


def exponent(
    quantity: Literal["deficit", "sensitivity", "mae_deficit"],
    beta: Numbers,
    *,
    objective: Literal["cl", "mim"] = "mim",
    scope: Literal["fl", "local_own", "local_other"] = "fl",
    draws: Any = None,
    n_growth: Literal["fixed", "paper"] = "fixed",
) -> Any:
    """Exponent a of a quantity that is Theta(d^a) under the paper's scaling, for any beta.

    `draws` defaults to one a sample for cl and to masks in expectation for mim and the MAE loss.

    - quantity: the quantity whose power of the dimension is wanted.
    - beta: power of the dimension in the samples of a client: samples_per_client = dim^beta, rounded up.
    - objective: contrastive learning (cl), or masked image modelling (mim).
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - draws: pairs of views, or of masks, taken of each sample; "expected" averages over all of them.
    - n_growth: whether the number of clients is fixed, or grows like dim^(1/20) as in the paper.

    Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said.
    `dssl.compute("exponent", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.exponent("deficit", beta=1.2)
    >>> print(f"{value:.4g}")
    -1
    """
    return of_keys(
        "exponent", quantity=quantity, beta=beta, objective=objective, scope=scope, draws=draws, n_growth=n_growth
    )


def gaussian_mmd(
    *,
    feature_dim: Numbers,
    variance_local: Any = 1.0,
    variance_global: Any = 1.0,
    mean_difference: Any = 0.0,
    bandwidth: Any = "mean",
    n_averaged: Numbers = 1,
) -> Any:
    """Squared MMD of two Gaussians under the Gaussian kernel of Eq (6), squared distance.

    `variance_local` and `variance_global`: one number, or one a feature. `mean_difference` likewise. `bandwidth`: a
    number, or mean for the mean distance of two local embeddings. `n_averaged` embeddings are averaged slot by slot
    into one global embedding, which divides the global variance by it.

    - feature_dim: number of features that the encoder keeps.
    - variance_local: variance of a client's embeddings, one number or one for each feature.
    - variance_global: variance of the averaged embeddings, one number or one for each feature.
    - mean_difference: difference of the two means, one number or one for each feature.
    - bandwidth: length scale of the Gaussian kernel: a number, or the mean or median distance.
    - n_averaged: embeddings that are averaged into one.

    Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said.
    `dssl.compute("gaussian_mmd", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.gaussian_mmd(feature_dim=8, variance_local=1.0, variance_global=0.5)
    >>> print(f"{value:.4g}")
    0.01254
    """
    return of_keys(
        "gaussian_mmd",
        feature_dim=feature_dim,
        variance_local=variance_local,
        variance_global=variance_global,
        mean_difference=mean_difference,
        bandwidth=bandwidth,
        n_averaged=n_averaged,
    )


def kappa(
    network: Any,
    *,
    local_steps: Numbers = 1,
) -> Any:
    """kappa of each mode of a network, by descending eigenvalue from the second: weight of drift at E local steps.

    `local_steps` is E, the gradient steps between two mixings.

    - local_steps: gradient steps between two averagings.

    Gives an array of numbers, or a dict of them; NaN and a warning where the formula says nothing.
    `dssl.compute("kappa", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> ring = dssl.Network("ring", 8)
    >>> value = dssl.kappa(ring, local_steps=5)[0]
    >>> print(f"{value:.4g}")
    45.21
    """
    return of_network("kappa", network, local_steps=local_steps)


def mae_deficit(
    setting: Setting,
    *,
    draws: Any = "expected",
    scope: Literal["fl", "local_own", "local_other"] = "fl",
) -> Any:
    """Mean 1 - r_k of the reconstruction loss, Eq (3), at finite sample size (leading order).

    `draws`: masks averaged exactly ("expected") or drawn K times a sample; n_i samples a client.

    - draws: pairs of views, or of masks, taken of each sample; "expected" averages over all of them.
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("mae_deficit", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.mae_deficit(s.replace(samples_per_client=10_000_000))
    >>> print(f"{value:.4g}")
    0.01395
    """
    return of_setting("mae_deficit", setting, draws=draws, scope=scope)


def order_probability(
    setting: Setting,
    *,
    draws: Numbers = 1,
    is_same_data: bool = False,
) -> Any:
    """Probability that contrast is more sensitive than masking in expectation, two clients.

    `draws` views a sample for contrast; `is_same_data` counts that both are trained on one sample.

    - draws: pairs of views, or of masks, taken of each sample; "expected" averages over all of them.
    - is_same_data: whether contrast and masking are trained on the same samples.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("order_probability", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.order_probability(dssl.Setting(n_clients=2, dim=1000, samples_per_client=10_000))
    >>> print(f"{value:.4g}")
    0.9411
    """
    return of_setting("order_probability", setting, draws=draws, is_same_data=is_same_data)


def population_spectrum(
    setting: Setting,
    *,
    objective: Literal["cl", "mim"] = "cl",
    mask: Literal["independent", "complementary", "fixed_count", "printed"] = "independent",
    scope: Literal["fl", "local"] = "fl",
    client: Numbers = 0,
    rare: Literal["absent", "inside", "outside"] = "absent",
    rare_coordinate: Numbers = None,
    rare_coordinates: Any | None = None,
    weights: Any | None = None,
) -> Any:
    """Eigenvalues of the population alignment matrix with their multiplicities, descending.

    See `Population`. With equal weights and no rare class the closed form needs no matrix, however many clients.

    - objective: contrastive learning (cl), or masked image modelling (mim).
    - mask: how the two masks of an image are drawn.
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - client: the client, counted from 0.
    - rare: where the rare class points: nowhere, inside the signal, or outside.
    - rare_coordinate: the coordinate of the rare class, counted from 0, for every client.
    - rare_coordinates: the coordinate of the rare class of each client, counted from 0.
    - weights: weight of each client; equal if left out.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("population_spectrum", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.population_spectrum(s, objective="mim")[0][0]
    >>> print(f"{value:.4g}")
    2.287
    """
    return of_setting(
        "population_spectrum",
        setting,
        objective=objective,
        mask=mask,
        scope=scope,
        client=client,
        rare=rare,
        rare_coordinate=rare_coordinate,
        rare_coordinates=rare_coordinates,
        weights=weights,
    )


def rare_recovery(
    setting: Setting,
    *,
    objective: Literal["cl", "mim"],
    scope: Literal["fl", "local"] = "fl",
) -> Any:
    """Representability of a rare class's coordinate outside the signal, d / samples fixed; 0 below the threshold.

    MIM: independent masks in expectation. CL: one draw a sample. `rare_fraction` of each client's samples.

    - objective: contrastive learning (cl), or masked image modelling (mim).
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("rare_recovery", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.rare_recovery(s.replace(rare_fraction=0.1), objective="mim")
    >>> print(f"{value:.4g}")
    0.9779
    """
    return of_setting("rare_recovery", setting, objective=objective, scope=scope)


def representability(
    setting: Setting,
    *,
    objective: Literal["cl", "mim"] = "cl",
    mask: Literal["independent", "complementary", "fixed_count", "printed"] = "independent",
    scope: Literal["fl", "local"] = "fl",
    client: Numbers = 0,
    rare: Literal["absent", "inside", "outside"] = "absent",
    rare_coordinate: Numbers = None,
    rare_coordinates: Any | None = None,
    weights: Any | None = None,
    selection: Literal["psd", "modulus"] = "psd",
    coordinates: Literal["signal", "leading"] = "signal",
) -> Any:
    """Representability r_k of the N signal coordinates at the population minimiser.

    `coordinates=leading` lists the leading feature_dim coordinates, the noise ones by their average.

    - objective: contrastive learning (cl), or masked image modelling (mim).
    - mask: how the two masks of an image are drawn.
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - client: the client, counted from 0.
    - rare: where the rare class points: nowhere, inside the signal, or outside.
    - rare_coordinate: the coordinate of the rare class, counted from 0, for every client.
    - rare_coordinates: the coordinate of the rare class of each client, counted from 0.
    - weights: weight of each client; equal if left out.
    - selection: eigenvalues that are kept: the largest positive ones (psd), or the largest in size (modulus).
    - coordinates: the coordinates that are answered for: those of the signal, or the leading feature_dim.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("representability", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.representability(s, objective="mim", mask="complementary")[0]
    >>> print(f"{value:.4g}")
    0.25
    """
    return of_setting(
        "representability",
        setting,
        objective=objective,
        mask=mask,
        scope=scope,
        client=client,
        rare=rare,
        rare_coordinate=rare_coordinate,
        rare_coordinates=rare_coordinates,
        weights=weights,
        selection=selection,
        coordinates=coordinates,
    )


def sigma_star(
    setting: Setting,
    *,
    scope: Literal["fl", "local_own", "local_other"] = "fl",
    mask: Literal["independent", "complementary", "fixed_count", "printed"] = "independent",
    draws: Any = 1,
) -> Any:
    """Critical augmentation noise sigma* at equal deficits; sigma*/mu for dim=inf.

    `draws` is the common number of draws a sample of both objectives, which cancels, or expected.

    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - mask: how the two masks of an image are drawn.
    - draws: pairs of views, or of masks, taken of each sample; "expected" averages over all of them.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("sigma_star", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.sigma_star(s)
    >>> print(f"{value:.4g}")
    0.5565
    """
    return of_setting("sigma_star", setting, scope=scope, mask=mask, draws=draws)


def spectrum(
    network: Any,
    *,
    matrix: Literal["mixing", "laplacian"] = "mixing",
    parts: Literal["real", "pairs"] = "real",
) -> Any:
    """Eigenvalues of a network's mixing matrix, descending, or Laplacian, ascending.

    `parts` says what is listed of complex eigenvalues, which one-way links bring: real parts or [re, im] pairs.

    - matrix: the matrix whose eigenvalues are wanted: mixing, or laplacian.
    - parts: real parts alone, or pairs of real and imaginary parts.

    Gives an array of numbers, or a dict of them; NaN and a warning where the formula says nothing.
    `dssl.compute("spectrum", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> ring = dssl.Network("ring", 8)
    >>> value = dssl.spectrum(ring)[1]
    >>> print(f"{value:.4g}")
    0.8047
    """
    return of_network("spectrum", network, matrix=matrix, parts=parts)


def target_weights(
    network: Any,
    *,
    kind: Literal["objective", "training"] = "training",
) -> Any:
    """Weight of each client: in the objective of Eq (1), or in what training settles on.

    objective: pi = M^T 1/N, Eq (1) with one common W. training: the left Perron vector v, v^T M = v^T.

    - kind: the weights in the objective of Eq (1), or those of what training settles on.

    Gives an array of numbers, or a dict of them; NaN and a warning where the formula says nothing.
    `dssl.compute("target_weights", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.target_weights(dssl.Network("star", 5, mixing="uniform"))[0]
    >>> print(f"{value:.4g}")
    0.3846
    """
    return of_network("target_weights", network, kind=kind)


def transformation_condition(
    setting: Setting,
    *,
    H: str,
    angle: Numbers = 3.141592653589793,
    scope: Literal["fl", "local"] = "fl",
    client: Numbers = 0,
    rare: Literal["absent", "inside", "outside"] = "absent",
    weights: Any | None = None,
) -> Any:
    """Conditions on H for CL with dissimilar views (A.9): trace, representability, what holds.

    `H`: a name, or the path of a .npy file. `angle`, in radians, is for the rotation of the first two coordinates.
    identity; flip: all coordinates reversed; translation: all shifted by one, circularly; cyclic: the signal alone
    shifted; rotation; blur: circular [1/4, 1/2, 1/4]; negation: the signal times -1.

    - H: the matrix that makes the second view: a name, such as flip or blur, or a .npy file.
    - angle: angle of the rotation. Unit: radians.
    - scope: whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one
      client; local_own, its own coordinate; local_other, the other clients' coordinates.
    - client: the client, counted from 0.
    - rare: where the rare class points: nowhere, inside the signal, or outside.
    - weights: weight of each client; equal if left out.

    Gives a number, or for a setting of arrays an array of its shape, with NaN and a warning where the formula says
    nothing; a quantity of many numbers gives an array or a dict, for one setting.
    `dssl.compute("transformation_condition", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> s = dssl.Setting(n_clients=4, dim=1000, samples_per_client=100_000)
    >>> value = dssl.transformation_condition(s, H="blur")["sensitivity"]
    >>> print(f"{value:.4g}")
    0.04832
    """
    return of_setting(
        "transformation_condition", setting, H=H, angle=angle, scope=scope, client=client, rare=rare, weights=weights
    )


def weight_schedule(
    *,
    gamma_max: Numbers,
    gamma_min: Numbers,
    selections: Numbers,
    horizon: Numbers,
    clamp: bool = False,
    rounds: Numbers = None,
    n_clients: Numbers = None,
    participation: Numbers = None,
) -> Any:
    """Weight gamma of the MAR term after a number of selections, Eq (7).

    `clamp` cuts the count off at the horizon, as the released code does; Eq (7) as printed rises again beyond it. With
    `rounds`, `n_clients` and `participation` (clients a round) the reason says how likely a count beyond is.

    - gamma_max: weight of the alignment term before the first selection.
    - gamma_min: weight of the alignment term at the horizon.
    - selections: how often the client has been selected so far.
    - horizon: selections after which the weight is at its least value.
    - clamp: whether the weight stays at its least value beyond the horizon.
    - rounds: rounds of training.
    - n_clients: number of clients.
    - participation: clients that are selected in a round.

    Gives a number, or a dict; arrays in place of numbers give an array, with NaN where nothing is said.
    `dssl.compute("weight_schedule", ...)` also gives unit, source, exact form and LaTeX.
    Errors: UsageError for keys that do not fit; OutOfDomainError where the derivation does not hold.

    >>> import dssl
    >>> value = dssl.weight_schedule(gamma_max=0.1, gamma_min=0.001, selections=5, horizon=10)
    >>> print(f"{value:.4g}")
    0.0505
    """
    return of_keys(
        "weight_schedule",
        gamma_max=gamma_max,
        gamma_min=gamma_min,
        selections=selections,
        horizon=horizon,
        clamp=clamp,
        rounds=rounds,
        n_clients=n_clients,
        participation=participation,
    )
