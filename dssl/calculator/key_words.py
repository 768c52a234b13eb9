"""The calculator's keys in words: what each key means, and its unit. One meaning a key, whatever the quantity."""

from typing import NamedTuple


class Words(NamedTuple):
    """What a key means, and its unit ("" for words, counts and plain numbers)."""

    meaning: str
    unit: str = ""


_INPUT = "of the inputs"
KEYS = {
    "H": Words("the matrix that makes the second view: a name, such as flip or blur, or a .npy file"),
    "angle": Words("angle of the rotation", "radians"),
    "around": Words("the mean that heterogeneity is measured from: of the population, or of the clients drawn"),
    "augmentation_std": Words("standard deviation of the noise that augmentation adds to each view", _INPUT),
    "bandwidth": Words("length scale of the Gaussian kernel: a number, or the mean or median distance"),
    "batch": Words("images of one batch"),
    "beta": Words("power of the dimension in the samples of a client: samples_per_client = dim^beta, rounded up"),
    "block": Words("the part of the matrix: signal, coupling, noise, or all of it"),
    "clamp": Words("whether the weight stays at its least value beyond the horizon"),
    "client": Words("the client, counted from 0"),
    "concentration": Words("parameter of the Dirichlet distribution: the smaller, the more unequal the class shares"),
    "convention": Words("who draws from the Dirichlet distribution: every client (hsu2019), or every class (released)"),
    "coordinates": Words("the coordinates that are answered for: those of the signal, or the leading feature_dim"),
    "covariances": Words("the clients' second moments, (clients, dim, dim): a .npz file, or a nested list"),
    "curvature": Words("a typical eigenvalue of the loss's Hessian; 0 leaves it out", "1 / step size"),
    "delta": Words("failure probability: the bound holds with probability 1 - delta"),
    "dim": Words("number of coordinates (pixels) of an image"),
    "draws": Words('pairs of views, or of masks, taken of each sample; "expected" averages over all of them'),
    "estimator": Words("how the distance of the batches is estimated"),
    "feature_dim": Words("number of features that the encoder keeps"),
    "gamma": Words("noise coordinates per sample, (dim - n_clients) / samples, in place of a number of samples"),
    "gamma_max": Words("weight of the alignment term before the first selection"),
    "gamma_min": Words("weight of the alignment term at the horizon"),
    "gradient_dissimilarity": Words(
        "zeta^2: mean squared distance of the clients' gradients from their mean", "squared, of a gradient"
    ),
    "horizon": Words("selections after which the weight is at its least value"),
    "is_same_data": Words("whether contrast and masking are trained on the same samples"),
    "kind": Words("the weights in the objective of Eq (1), or those of what training settles on"),
    "local_steps": Words("gradient steps between two averagings"),
    "mask": Words("how the two masks of an image are drawn"),
    "mask_ratio": Words("share of the pixels that the second mask lists"),
    "matrix": Words("the matrix whose eigenvalues are wanted: mixing, or laplacian"),
    "mean_difference": Words("difference of the two means, one number or one for each feature"),
    "mixing": Words("the rule that gives neighbours their weights"),
    "model_parameters": Words("weights of the whole model"),
    "moments": Words("a .npz file with the classes' second moments"),
    "mu": Words("standard deviation of the pixel noise; dim^(-1/5) if left out", _INPUT),
    "n_averaged": Words("embeddings that are averaged into one"),
    "n_classes": Words("number of classes"),
    "n_clients": Words("number of clients"),
    "n_growth": Words("whether the number of clients is fixed, or grows like dim^(1/20) as in the paper"),
    "n_parameters": Words("weights of one model, feature_dim times dim; wanted beside noise_std"),
    "noise_std": Words("standard deviation of the noise on every entry of a gradient", "of a gradient"),
    "objective": Words("contrastive learning (cl), or masked image modelling (mim)"),
    "participation": Words("clients that are selected in a round"),
    "parts": Words("real parts alone, or pairs of real and imaginary parts"),
    "quantity": Words("the quantity whose power of the dimension is wanted"),
    "rare": Words("where the rare class points: nowhere, inside the signal, or outside"),
    "rare_coordinate": Words("the coordinate of the rare class, counted from 0, for every client"),
    "rare_coordinates": Words("the coordinate of the rare class of each client, counted from 0"),
    "rare_fraction": Words("share of the rare class in a client's samples"),
    "rounds": Words("rounds of training"),
    "samples_per_client": Words("samples of each client"),
    "scope": Words(
        "whose data train the encoder, and which coordinates are asked for: fl, all clients together; local, one "
        "client; local_own, its own coordinate; local_other, the other clients' coordinates"
    ),
    "seed": Words("draws the random networks"),
    "selection": Words("eigenvalues that are kept: the largest positive ones (psd), or the largest in size (modulus)"),
    "selections": Words("how often the client has been selected so far"),
    "side": Words("a bound from above, or from below"),
    "sizes": Words("samples of every client, for the rules that weigh by them"),
    "step": Words("the step of mixing=laplacian"),
    "step_size": Words("step size of gradient descent", "1 / covariance"),
    "tau": Words("size of the offsets along other clients' coordinates; dim^(1/5) if left out", _INPUT),
    "topology": Words("name of the network: ring, star, torus:4x5, er:5, edges:0-1,1-2 and so on"),
    "variance_global": Words("variance of the averaged embeddings, one number or one for each feature"),
    "variance_local": Words("variance of a client's embeddings, one number or one for each feature"),
    "visible_tokens": Words("tokens of an image that the encoder sees"),
    "weights": Words("weight of each client; equal if left out"),
    "width": Words("numbers in one token's embedding"),
    "x": Words("the local batch, one row a sample: a nested list or a .npy file"),
    "y": Words("the global batch, one row a sample: a nested list or a .npy file"),
}
