{{/*
Every name of this chart. They do not depend on the release: charts/meltano-pods and the tooling
refer to them, and there is one Airflow in a namespace.
*/}}

{{- define "airflow.name.apiServer" -}}airflow-api-server{{- end }}
{{- define "airflow.name.scheduler" -}}airflow-scheduler{{- end }}
{{- define "airflow.name.dagProcessor" -}}airflow-dag-processor{{- end }}
{{- define "airflow.name.triggerer" -}}airflow-triggerer{{- end }}
{{- define "airflow.name.worker" -}}airflow-worker{{- end }}
{{- define "airflow.name.postgresql" -}}airflow-postgresql{{- end }}
{{- define "airflow.name.config" -}}airflow-config{{- end }}
{{- define "airflow.name.files" -}}airflow-files{{- end }}
{{- define "airflow.name.keys" -}}airflow-keys{{- end }}
{{- define "airflow.name.login" -}}airflow-login{{- end }}
{{- define "airflow.name.database" -}}airflow-database{{- end }}
{{- define "airflow.name.logs" -}}airflow-logs{{- end }}
{{- define "airflow.name.network" -}}airflow{{- end }}
{{- define "airflow.name.test" -}}airflow-test{{- end }}
{{- define "airflow.name.migrateAccount" -}}airflow-migrate{{- end }}

{{/* The pod of a Job cannot be changed: another pod makes another Job. */}}
{{- define "airflow.name.migrate" -}}
{{- printf "airflow-migrate-%s" (include "airflow.migrate.pod" . | sha256sum | trunc 8) -}}
{{- end }}

{{- define "airflow.host.postgresql" -}}
{{- printf "%s.%s.svc.cluster.local" (include "airflow.name.postgresql" .) .Release.Namespace -}}
{{- end }}

{{- define "airflow.url.apiServer" -}}
{{- printf "http://%s.%s.svc.cluster.local:8080" (include "airflow.name.apiServer" .) .Release.Namespace -}}
{{- end }}
