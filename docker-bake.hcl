# Both images: `docker buildx bake`. With k8s/offline/bases/bake.hcl as a second --file, stand-ins take
# the place of the real bases; nothing else differs. `make images` chooses.

variable "MELTANO_IMAGE" {
  default = "meltano-pods/meltano:dev"
}
variable "AIRFLOW_IMAGE" {
  default = "meltano-pods/airflow:dev"
}
# A CA bundle's path, for networks with an intercepting proxy. It reaches the steps that fetch packages
# as a build secret and no layer.
variable "CA_BUNDLE" {
  default = ""
}
# Path of a netrc file with the passwords of private package indexes; a build secret as well.
variable "NETRC" {
  default = ""
}
# Such as linux/amd64, the only one Astro runs. Empty: this machine's.
variable "PLATFORM" {
  default = ""
}
variable "REVISION" {
  default = "unknown"
}
# `false`: an Airflow image for deployments whose tasks all run as pods.
variable "LOCAL_EXECUTION" {
  default = "true"
}

group "default" {
  targets = ["meltano", "airflow"]
}

target "_common" {
  context   = "."
  platforms = PLATFORM == "" ? [] : [PLATFORM]
  secret = concat(
    CA_BUNDLE == "" ? [] : ["id=ca,src=${CA_BUNDLE}"],
    NETRC == "" ? [] : ["id=netrc,src=${NETRC}"],
  )
}

target "meltano" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile.meltano"
  tags       = [MELTANO_IMAGE]
  args       = { REVISION = REVISION }
}

target "airflow" {
  inherits = ["_common"]
  tags     = [AIRFLOW_IMAGE]
  args     = { LOCAL_EXECUTION = LOCAL_EXECUTION }
}
