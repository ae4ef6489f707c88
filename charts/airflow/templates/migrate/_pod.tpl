{{/* The pod that migrates the database. */}}
{{- define "airflow.migrate.pod" -}}
metadata:
  labels:
    {{- include "airflow.labels" (list . "migrate") | nindent 4 }}
spec:
  serviceAccountName: {{ include "airflow.name.migrateAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  {{- include "airflow.pullSecrets" . | nindent 2 }}
  securityContext:
    {{- include "airflow.podSecurity" .Values.security | nindent 4 }}
  initContainers:
    - name: databases
      image: {{ include "airflow.image" . }}
      imagePullPolicy: {{ .Values.imagePullPolicy }}
      args: [python, /config/databases.py{{ range .Values.postgresql.databases }}, {{ . }}{{ end }}]
      {{- include "airflow.environment" . | nindent 6 }}
      resources:
        {{- toYaml .Values.migrate.resources | nindent 8 }}
      securityContext:
        {{- include "airflow.containerSecurity" .Values.security | nindent 8 }}
      volumeMounts:
        {{- include "airflow.mounts" . | nindent 8 }}
        - name: database
          mountPath: /database
          readOnly: true
  containers:
    - name: migrate
      image: {{ include "airflow.image" . }}
      imagePullPolicy: {{ .Values.imagePullPolicy }}
      args: [airflow, db, migrate]
      {{- include "airflow.environment" . | nindent 6 }}
      resources:
        {{- toYaml .Values.migrate.resources | nindent 8 }}
      securityContext:
        {{- include "airflow.containerSecurity" .Values.security | nindent 8 }}
      volumeMounts:
        {{- include "airflow.mounts" . | nindent 8 }}
  volumes:
    {{- include "airflow.volumes" . | nindent 4 }}
    - name: database
      secret:
        secretName: {{ include "airflow.name.database" . }}
{{- end }}
