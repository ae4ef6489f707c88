{{/* A worker's pod under KubernetesExecutor. It talks to Airflow's API alone: no database, no keys. */}}
{{- define "airflow.worker" -}}
apiVersion: v1
kind: Pod
metadata:
  name: airflow-worker
  labels:
    {{- include "airflow.labels" (list . "worker") | nindent 4 }}
spec:
  serviceAccountName: {{ include "airflow.name.worker" . }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  restartPolicy: Never
  terminationGracePeriodSeconds: {{ .Values.worker.terminationGracePeriodSeconds }}
  {{- include "airflow.pullSecrets" . | nindent 2 }}
  securityContext:
    {{- include "airflow.podSecurity" .Values.security | nindent 4 }}
  containers:
    - name: base
      image: {{ include "airflow.image" . }}
      imagePullPolicy: {{ .Values.imagePullPolicy }}
      envFrom:
        - configMapRef:
            name: {{ include "airflow.name.config" . }}
        {{- range .Values.environmentSecrets }}
        - secretRef:
            name: {{ . }}
        {{- end }}
      env:
        # In its own pod it runs the one task it was made for.
        - name: AIRFLOW__CORE__EXECUTOR
          value: LocalExecutor
      resources:
        {{- toYaml .Values.worker.resources | nindent 8 }}
      securityContext:
        {{- include "airflow.containerSecurity" .Values.security | nindent 8 }}
      volumeMounts:
        {{- include "airflow.mounts" . | nindent 8 }}
  volumes:
    {{- include "airflow.volumes" . | nindent 4 }}
{{- end }}
