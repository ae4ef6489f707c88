{{/* Labels. Takes the scope and the component. */}}
{{- define "airflow.labels" -}}
{{- $root := index . 0 -}}
{{ include "airflow.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: meltano-pods
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "airflow.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: airflow
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* What was made once, or a new secret. Takes the data of the Secret there is, the key, the length. */}}
{{- define "airflow.kept" -}}
{{- $data := index . 0 -}}
{{- if hasKey $data (index . 1) -}}
{{- index $data (index . 1) | b64dec -}}
{{- else -}}
{{- randAlphaNum (index . 2) -}}
{{- end -}}
{{- end }}

{{- define "airflow.image" -}}
{{- required "image: set it to the Airflow image that `docker build .` made from the Dockerfile" .Values.image | quote -}}
{{- end }}

{{/* A new value when the configuration changes, so that pods start anew. */}}
{{- define "airflow.checksums" -}}
checksum/config: {{ printf "%s%s" (include (print .Template.BasePath "/config/environment.yaml") .) (include (print .Template.BasePath "/config/files.yaml") .) | sha256sum }}
{{- end }}

{{- define "airflow.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .runAsUser }}
runAsGroup: {{ .runAsGroup }}
fsGroup: {{ .runAsGroup }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "airflow.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: {{ .runAsUser }}
runAsGroup: {{ .runAsGroup }}
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "airflow.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Settings of a container that runs Airflow's own services. */}}
{{- define "airflow.environment" -}}
envFrom:
  - configMapRef:
      name: {{ include "airflow.name.config" . }}
  {{- range .Values.environmentSecrets }}
  - secretRef:
      name: {{ . }}
  {{- end }}
env:
  - name: POD_IP
    valueFrom:
      fieldRef:
        fieldPath: status.podIP
  - name: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN
    valueFrom:
      secretKeyRef: {name: {{ include "airflow.name.database" . }}, key: connection}
  - name: AIRFLOW__CORE__FERNET_KEY
    valueFrom:
      secretKeyRef: {name: {{ include "airflow.name.keys" . }}, key: fernet-key}
  - name: AIRFLOW__API__SECRET_KEY
    valueFrom:
      secretKeyRef: {name: {{ include "airflow.name.keys" . }}, key: api-secret-key}
  - name: AIRFLOW__API_AUTH__JWT_SECRET
    valueFrom:
      secretKeyRef: {name: {{ include "airflow.name.keys" . }}, key: jwt-secret}
{{- end }}

{{- define "airflow.mounts" -}}
- name: files
  mountPath: /config
  readOnly: true
- name: tmp
  mountPath: /tmp
- name: logs
  mountPath: /usr/local/airflow/logs
{{- end }}

{{- define "airflow.volumes" -}}
- name: files
  configMap:
    name: {{ include "airflow.name.files" . }}
- name: tmp
  emptyDir:
    sizeLimit: 512Mi
- name: logs
  {{- if .Values.logs.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "airflow.name.logs" . }}
  {{- else }}
  emptyDir:
    sizeLimit: 1Gi
  {{- end }}
{{- end }}

{{/* No service starts before the database has the tables of this image's Airflow. */}}
{{- define "airflow.waitForDatabase" -}}
- name: wait-for-migrations
  image: {{ include "airflow.image" . }}
  imagePullPolicy: {{ .Values.imagePullPolicy }}
  args: [python, /config/migrations.py]
  {{- include "airflow.environment" . | nindent 2 }}
  resources:
    {{- toYaml .Values.migrate.resources | nindent 4 }}
  securityContext:
    {{- include "airflow.containerSecurity" .Values.security | nindent 4 }}
  volumeMounts:
    {{- include "airflow.mounts" . | nindent 4 }}
{{- end }}

{{/* The pod of one of Airflow's services. Takes root, component, account, command, values (the
component's), token (whether it talks to Kubernetes), init, mounts, volumes, probes, ports. */}}
{{- define "airflow.service" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "airflow.labels" (list $root .component) | nindent 4 }}
  annotations:
    {{- include "airflow.checksums" $root | nindent 4 }}
spec:
  serviceAccountName: {{ .account }}
  automountServiceAccountToken: {{ .token }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
  {{- include "airflow.pullSecrets" $root | nindent 2 }}
  securityContext:
    {{- include "airflow.podSecurity" $root.Values.security | nindent 4 }}
  initContainers:
    {{- include "airflow.waitForDatabase" $root | nindent 4 }}
    {{- with .init }}
    {{- . | nindent 4 }}
    {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "airflow.image" $root }}
      imagePullPolicy: {{ $root.Values.imagePullPolicy }}
      args: [airflow, {{ .component }}]
      {{- include "airflow.environment" $root | nindent 6 }}
      {{- with .ports }}
      ports:
        {{- . | nindent 8 }}
      {{- end }}
      {{- .probes | nindent 6 }}
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      securityContext:
        {{- include "airflow.containerSecurity" $root.Values.security | nindent 8 }}
      volumeMounts:
        {{- include "airflow.mounts" $root | nindent 8 }}
        {{- with .mounts }}
        {{- . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "airflow.volumes" $root | nindent 4 }}
    {{- with .volumes }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Probes of a service that has no port of its own: its heartbeat in the database. */}}
{{- define "airflow.heartbeatProbes" -}}
startupProbe:
  exec:
    command: [python, /config/heartbeat.py, {{ . }}]
  periodSeconds: 3
  timeoutSeconds: 10
  failureThreshold: 100
livenessProbe:
  exec:
    command: [python, /config/heartbeat.py, {{ . }}]
  periodSeconds: 30
  timeoutSeconds: 20
  failureThreshold: 3
{{- end }}

{{/* A service account. Takes root, name, component. */}}
{{- define "airflow.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "airflow.labels" (list .root .component) | nindent 4 }}
# The pods that talk to Kubernetes ask for the token themselves.
automountServiceAccountToken: false
{{- end }}

{{/* A role binding to the account of the same name. Takes root, name, component. */}}
{{- define "airflow.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "airflow.labels" (list .root .component) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .name }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{/* Class of the volumes: the one that is named, or the cluster's default. */}}
{{- define "airflow.storageClass" -}}
{{- with .Values.storageClass -}}
storageClassName: {{ . }}
{{- end -}}
{{- end }}
