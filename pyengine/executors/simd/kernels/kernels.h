// The list of kernels: KERNEL(name) for each function `int kernel_<name>(word *w, context *c)`.
// Python finds them by these names; the numbers are nobody's business.
KERNEL(host) // runs nowhere here: the reference runs it, on the same memory
KERNEL(copy)
KERNEL(batch)
KERNEL(reduce)
KERNEL(truth)
KERNEL(argument)
KERNEL(cumsum)
KERNEL(softmax)
KERNEL(strided)
KERNEL(max_pool2d)
KERNEL(max_pool2d_gradient)
KERNEL(max_pool2d_pick)
KERNEL(average_pool2d)
KERNEL(average_pool2d_gradient)
