from scipy.spatial import distance as distance
