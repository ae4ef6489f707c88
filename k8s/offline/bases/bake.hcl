# Stand-ins for the bases that FROM names, where no container registry is reachable. Used together with
# docker-bake.hcl; no Dockerfile changes.

# Debian's root file system, imported by tools/images.
variable "DEBIAN_IMAGE" {
  default = "meltano-pods/debian"
}

target "_stand-in" {
  inherits = ["_common"]
  contexts = { debian = "docker-image://${DEBIAN_IMAGE}" }
}

target "python" {
  inherits   = ["_stand-in"]
  context    = "k8s/offline/bases/python"
  dockerfile = "Dockerfile"
}

target "_runtime" {
  inherits   = ["_stand-in"]
  context    = "k8s/offline/bases/runtime"
  dockerfile = "Dockerfile"
}

target "runtime" {
  inherits = ["_runtime"]
  target   = "onbuild"
}

target "runtime-base" {
  inherits = ["_runtime"]
  target   = "base"
}

target "meltano" {
  contexts = { "python:3.13.18-slim-trixie" = "target:python" }
}

target "airflow" {
  contexts = {
    "astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13"      = "target:runtime"
    "astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13-base" = "target:runtime-base"
  }
}
