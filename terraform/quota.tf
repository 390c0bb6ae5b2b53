# What all services take at most, against Cloud Run's quotas of the region. Google refuses a revision
# whose instances could exceed a quota, and starts no instance beyond it.

locals {
  # Of each service, for one instance.
  sizes = merge(
    {
      landmarks    = { cpu = var.landmarks.cpu, memory = var.landmarks.memory, instances = var.landmarks.max_instances }
      segmentation = { cpu = var.segmentation.cpu, memory = var.segmentation.memory, instances = var.segmentation.max_instances }
      drain        = { cpu = local.drain_size.cpu, memory = local.drain_size.memory, instances = local.drain_size.max_instances }
    },
    var.enable_api ? { api = { cpu = var.api.cpu, memory = var.api.memory, instances = var.api.max_instances } } : {},
    var.deploy_sam2 ? { sam2 = { cpu = local.sam2_size.cpu, memory = local.sam2_size.memory, instances = local.sam2_most } } : {},
  )

  gib_of_unit = { Gi = 1, G = pow(1000, 3) / pow(1024, 3), Mi = 1 / 1024, M = pow(1000, 2) / pow(1024, 3) }

  most_memory_gib = sum([
    for size in local.sizes :
    size.instances * tonumber(regex("^[0-9.]+", size.memory)) * local.gib_of_unit[regex("[GM]i?$", size.memory)]
  ])
  most_cpus = sum([
    for size in local.sizes :
    size.instances * tonumber(regex("^[0-9.]+", size.cpu)) / (endswith(size.cpu, "m") ? 1000 : 1)
  ])
}
