{{- define "cumulet.name" -}}
{{- if contains "cumulet" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-cumulet" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cumulet.selector" -}}
app.kubernetes.io/name: cumulet
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "cumulet.labels" -}}
{{ include "cumulet.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
