#!/usr/bin/env bash
# Lints what the charts render, with the smallest and the fullest values: `bash tests/charts/lint.sh`.
# Every finding that is left out has its reason here, or beside the object in the chart.
#
# Kubernetes' schemas come from the package kubernetes-validate, so nothing else is downloaded.
# kube-linter is not among the tools: its module's vanity address is not served by every Go module
# proxy, and what it checks kube-score, checkov and tests/charts/restricted.py check too.
set -euo pipefail
cd "$(dirname "$0")/../.."

KUBERNETES=1.35
KUBECONFORM=v0.7.0
KUBE_SCORE=v1.20.0
CHECKOV=3.3.30
KUBERNETES_VALIDATE=1.37.0

. tests/linters.sh
helm=${HELM:-$(command -v helm || true)}
if [[ -z $helm ]]; then
    echo "helm is not installed: put it on PATH, or its path into HELM" >&2
    exit 1
fi

kubeconform=$(go_tool github.com/yannh/kubeconform/cmd/kubeconform "$KUBECONFORM")
kube_score=$(go_tool github.com/zegl/kube-score/cmd/kube-score "$KUBE_SCORE")
python=$(python_tools "checkov==$CHECKOV" "kubernetes-validate==$KUBERNETES_VALIDATE")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The schemas refer to each other by an address; here they are files side by side.
mkdir "$work/schemas"
cp "$python"/lib/python3*/site-packages/kubernetes_validate/kubernetes-json-schema/v$KUBERNETES.0-local-strict/*.json \
    "$work/schemas"
sed -i -e 's,"/api/_definitions.json#,"_definitions.json#,' -e 's,"$id": "[^"]*","$comment": "",' \
    "$work"/schemas/*.json

# A digest, as an installation has it.
image=registry.example.com/image@sha256:$(printf '%064d' 0)
for chart in meltano-pods airflow; do
    render=("$helm" template release "charts/$chart" --namespace here --kube-version "$KUBERNETES.4")
    "$helm" lint --strict --quiet "charts/$chart" --set "image=$image" --kube-version "$KUBERNETES.4"
    "${render[@]}" --set "image=$image" >"$work/$chart-smallest.yaml"
    "${render[@]}" --values "tests/charts/values/$chart.yaml" >"$work/$chart-fullest.yaml"
done

# The template of KubernetesExecutor's workers, a file in a ConfigMap, beside the objects of its chart.
"$python/bin/python" - "$work/airflow-fullest.yaml" >"$work/worker.yaml" <<'PYTHON'
import sys
import yaml

for each in yaml.safe_load_all(open(sys.argv[1])):
    if each and each["kind"] == "ConfigMap" and "worker.yaml" in each["data"]:
        worker = yaml.safe_load(each["data"]["worker.yaml"])
        worker["metadata"]["namespace"] = each["metadata"]["namespace"]
        print("---")
        print(yaml.safe_dump(worker))
PYTHON
cat "$work/worker.yaml" >>"$work/airflow-fullest.yaml"
rm "$work/worker.yaml"

failed=()

echo "== kubeconform"
"$kubeconform" -strict -summary \
    -schema-location "$work/schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$work"/*.yaml ||
    failed+=(kubeconform)

echo "== kube-score"
score() { # FILE [IGNORED TEST...]
    local file=$1
    shift
    echo "$(basename "$file" .yaml)"
    "$kube_score" score --kubernetes-version "v$KUBERNETES" --output-format ci --exit-one-on-warning \
        "${@/#/--ignore-test=}" "$file" | { grep -Ev '^\[(OK|SKIPPED)\]' || true; } || scored=1
}
# container-image-pull-policy: images are named by digest or by tags that are never pushed again, and
#   kind has them loaded; `Always` is a value away.
# deployment-replicas: one of each is what a laptop has room for.
# service-type: a node port is how kind's port mapping reaches the UI; it is off by default.
airflow=(container-image-pull-policy deployment-replicas service-type)
# networkpolicy-targets-pod: the pods of the namespace are Airflow's to make; the chart has none.
pods=(networkpolicy-targets-pod)
scored=0
score "$work/meltano-pods-smallest.yaml" "${pods[@]}"
score "$work/meltano-pods-fullest.yaml"
score "$work/airflow-smallest.yaml" "${airflow[@]}"
score "$work/airflow-fullest.yaml" "${airflow[@]}"
((scored == 0)) || failed+=(kube-score)

echo "== checkov"
# CKV_K8S_35 (secrets as files): Airflow and Meltano read their settings from the environment; the
#   values come from Secrets, by reference.
# CKV_K8S_8, CKV_K8S_9 (probes): pods that end have none, and what no Service leads to needs none for
#   readiness; tests/charts/test_content.py wants a liveness probe of every service.
# CKV_K8S_38 (tokens): tests/charts/test_security.py lists the pods that have one.
# CKV_K8S_15, CKV_K8S_43 (pull policy, digest): as for kube-score; PostgreSQL's default is a tag.
"$python/bin/checkov" --file "$work"/*.yaml --framework kubernetes --quiet --compact --skip-download \
    --skip-check CKV_K8S_35,CKV_K8S_8,CKV_K8S_9,CKV_K8S_38,CKV_K8S_15,CKV_K8S_43 ||
    failed+=(checkov)

if ((${#failed[@]})); then
    echo "findings of: ${failed[*]}" >&2
    exit 1
fi
echo "no findings"
