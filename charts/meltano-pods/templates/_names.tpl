{{/*
Every name of this chart. Pod templates and Secrets are plain files that do not know the release,
so what they refer to has a fixed name; there is one release in a namespace.
*/}}

{{- define "meltano-pods.namespace" -}}
{{- .Values.namespace.name | default .Release.Namespace -}}
{{- end }}

{{/* Service account of the Meltano pods. */}}
{{- define "meltano-pods.name.serviceAccount" -}}
{{- .Values.serviceAccount.name -}}
{{- end }}

{{- define "meltano-pods.name.launcher" -}}
meltano-pods-launcher
{{- end }}

{{- define "meltano-pods.name.triggerer" -}}
meltano-pods-triggerer
{{- end }}

{{- define "meltano-pods.name.limits" -}}
meltano-pods
{{- end }}

{{- define "meltano-pods.name.networkPolicy" -}}
meltano-pods
{{- end }}

{{- define "meltano-pods.name.disruptionBudget" -}}
meltano-pods
{{- end }}

{{/* A project's name as Kubernetes has names: csv_to_json is csv-to-json. */}}
{{- define "meltano-pods.name.project" -}}
{{- . | lower | replace "_" "-" | trimAll "-" -}}
{{- end }}

{{/*
The Secret of one project, as the operator computes it (pods/spec/naming.py, build_secret_name).
Takes a list: the project's name and its values.
*/}}
{{- define "meltano-pods.name.secret" -}}
{{- $project := index . 0 -}}
{{- $values := index . 1 | default dict -}}
{{- $values.secretName | default (printf "meltano-%s-env" ($project | lower | replace "_" "-")) -}}
{{- end }}

{{- define "meltano-pods.name.migration" -}}
meltano-migrate
{{- end }}

{{- define "meltano-pods.name.test" -}}
{{- printf "meltano-test-%s" (include "meltano-pods.name.project" .) -}}
{{- end }}
