{{- define "meltano-pods.labels" -}}
app.kubernetes.io/name: meltano-pods
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: meltano-pods
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "meltano-pods.podSecurityLabels" -}}
pod-security.kubernetes.io/enforce: restricted
pod-security.kubernetes.io/enforce-version: {{ .Values.namespace.podSecurityVersion }}
pod-security.kubernetes.io/warn: restricted
pod-security.kubernetes.io/warn-version: {{ .Values.namespace.podSecurityVersion }}
pod-security.kubernetes.io/audit: restricted
pod-security.kubernetes.io/audit-version: {{ .Values.namespace.podSecurityVersion }}
{{- end }}

{{/* Subjects of a role binding. */}}
{{- define "meltano-pods.subjects" -}}
{{- range . }}
- kind: ServiceAccount
  name: {{ .name }}
  namespace: {{ .namespace }}
{{- end }}
{{- end }}

{{/*
The pod of a migration or a test: hardened as the Meltano pods are. Takes a dict: root (the chart's
scope), containers (what meltano-pods.container takes), which run one after the other.
*/}}
{{- define "meltano-pods.podSpec" -}}
{{- $root := .root -}}
serviceAccountName: {{ include "meltano-pods.name.serviceAccount" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
terminationGracePeriodSeconds: 30
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $root.Values.security.runAsUser }}
  runAsGroup: {{ $root.Values.security.runAsGroup }}
  fsGroup: {{ $root.Values.security.fsGroup }}
  seccompProfile:
    type: RuntimeDefault
{{- with initial .containers }}
initContainers:
  {{- range . }}
  {{- include "meltano-pods.container" . | nindent 2 }}
  {{- end }}
{{- end }}
containers:
  {{- include "meltano-pods.container" (last .containers) | nindent 2 }}
volumes:
  # In memory, as the pods have it: Meltano may write plugins' configuration there.
  - name: tmp
    emptyDir:
      medium: Memory
      sizeLimit: 64Mi
{{- end }}

{{/*
Meltano in such a pod, for one project. Takes a dict: root (the chart's scope), name (the
container's), project (name), values (the project's), command (list), whole (all of the project's
Secret, as a Meltano pod has it, or only the database's address).
*/}}
{{- define "meltano-pods.container" -}}
{{- $root := .root -}}
{{- $secret := include "meltano-pods.name.secret" (list .project .values) -}}
- name: {{ .name }}
  image: {{ required "image: set it to the Meltano image, the one Airflow's [meltano_pods] image names" $root.Values.image | quote }}
  imagePullPolicy: {{ $root.Values.imagePullPolicy }}
  command: {{ toJson .command }}
  workingDir: {{ printf "%s/%s" (trimSuffix "/" $root.Values.projectsFolder) .project }}
  {{- if .whole }}
  envFrom:
    - secretRef:
        name: {{ $secret }}
  {{- end }}
  env:
    {{- if not .whole }}
    - name: MELTANO_DATABASE_URI
      valueFrom:
        secretKeyRef:
          name: {{ $secret }}
          key: MELTANO_DATABASE_URI
    {{- end }}
    {{- with (.values).environment }}
    - name: MELTANO_ENVIRONMENT
      value: {{ . | quote }}
    {{- end }}
    # The image's root is read-only: what Meltano writes goes to the volume.
    - name: MELTANO_PROJECT_ROOT
      value: {{ printf "%s/%s" (trimSuffix "/" $root.Values.projectsFolder) .project }}
    - name: MELTANO_SYS_DIR_ROOT
      value: /tmp/{{ .name }}
    - name: HOME
      value: /tmp
    - name: MELTANO_CLI_DISABLE_VERSION_CHECK
      value: "true"
    - name: MELTANO_SEND_ANONYMOUS_USAGE_STATS
      value: "false"
  resources:
    {{- toYaml $root.Values.migration.resources | nindent 4 }}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    runAsNonRoot: true
    runAsUser: {{ $root.Values.security.runAsUser }}
    runAsGroup: {{ $root.Values.security.runAsGroup }}
    capabilities:
      drop: [ALL]
    seccompProfile:
      type: RuntimeDefault
  volumeMounts:
    - name: tmp
      mountPath: /tmp
{{- end }}
