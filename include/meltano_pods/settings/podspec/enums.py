"""The values of Kubernetes' enumerations.

Neither its client nor its OpenAPI documents list them; they are from the API reference of 1.35,
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/, the constants in
`k8s.io/api/core/v1/types.go`. Fields whose values change between versions are left out.
"""

from __future__ import annotations

_PULL = ("Always", "IfNotPresent", "Never")
_MESSAGE = ("File", "FallbackToLogsOnError")
_HONOR = ("Honor", "Ignore")

ENUMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("V1AppArmorProfile", "type"): ("Localhost", "RuntimeDefault", "Unconfined"),
    ("V1Container", "imagePullPolicy"): _PULL,
    ("V1Container", "terminationMessagePolicy"): _MESSAGE,
    ("V1EphemeralContainer", "imagePullPolicy"): _PULL,
    ("V1EphemeralContainer", "terminationMessagePolicy"): _MESSAGE,
    ("V1ContainerPort", "protocol"): ("TCP", "UDP", "SCTP"),
    ("V1ContainerResizePolicy", "restartPolicy"): ("NotRequired", "RestartContainer"),
    ("V1HTTPGetAction", "scheme"): ("HTTP", "HTTPS"),
    ("V1ImageVolumeSource", "pullPolicy"): _PULL,
    ("V1LabelSelectorRequirement", "operator"): ("In", "NotIn", "Exists", "DoesNotExist"),
    ("V1NodeSelectorRequirement", "operator"): (
        "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt",
    ),
    ("V1PersistentVolumeClaimSpec", "volumeMode"): ("Block", "Filesystem"),
    ("V1PodSecurityContext", "fsGroupChangePolicy"): ("Always", "OnRootMismatch"),
    ("V1PodSecurityContext", "seLinuxChangePolicy"): ("MountOption", "Recursive"),
    ("V1PodSecurityContext", "supplementalGroupsPolicy"): ("Merge", "Strict"),
    ("V1PodSpec", "dnsPolicy"): ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    ("V1PodSpec", "preemptionPolicy"): ("Never", "PreemptLowerPriority"),
    ("V1PodSpec", "restartPolicy"): ("Always", "OnFailure", "Never"),
    ("V1SeccompProfile", "type"): ("Localhost", "RuntimeDefault", "Unconfined"),
    ("V1Toleration", "effect"): ("NoExecute", "NoSchedule", "PreferNoSchedule"),
    ("V1TopologySpreadConstraint", "nodeAffinityPolicy"): _HONOR,
    ("V1TopologySpreadConstraint", "nodeTaintsPolicy"): _HONOR,
    ("V1TopologySpreadConstraint", "whenUnsatisfiable"): ("DoNotSchedule", "ScheduleAnyway"),
    ("V1VolumeMount", "mountPropagation"): ("Bidirectional", "HostToContainer", "None"),
    ("V1VolumeMount", "recursiveReadOnly"): ("Disabled", "Enabled", "IfPossible"),
}  # fmt: skip
