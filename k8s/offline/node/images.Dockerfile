# The images that kubeadm and the node's own manifests name: one program each.
# Build contexts: rootfs (an image made of rootfs.tar) and bin (the programs built from Go modules).
FROM scratch AS program
LABEL org.meltano-pods.stand-in="built from Go modules and Debian packages, not the published image"

FROM program AS kube-apiserver
COPY --from=bin kube-apiserver /usr/local/bin/
FROM program AS kube-controller-manager
COPY --from=bin kube-controller-manager /usr/local/bin/
FROM program AS kube-scheduler
COPY --from=bin kube-scheduler /usr/local/bin/
FROM program AS etcd
COPY --from=bin etcd /usr/local/bin/
FROM program AS coredns
COPY --from=bin coredns /
ENTRYPOINT ["/coredns"]
FROM program AS pause
COPY --from=bin pause /
ENTRYPOINT ["/pause"]
FROM program AS volumes
COPY --from=bin volumes /usr/local/bin/

# What is taken from Debian, with all it is linked to.
FROM rootfs AS collected
COPY collect.sh /
# kube-proxy calls iptables.
RUN bash /collect.sh /iptables /usr/sbin/xtables-nft-multi /usr/lib/*/xtables \
    && for name in iptables ip6tables; do for command in $name $name-save $name-restore; do \
        ln -s xtables-nft-multi /iptables/usr/sbin/$command; done; done
RUN bash /collect.sh /registry /usr/bin/docker-registry /etc/ssl/certs/ca-certificates.crt

FROM program AS kube-proxy
COPY --from=collected /iptables /
COPY --from=bin kube-proxy /usr/local/bin/

# In the image that kind's documentation uses, too, the registry listens on 5000 and keeps its files there.
FROM program AS registry
COPY --from=collected /registry /
COPY registry.yml /etc/distribution/config.yml
EXPOSE 5000
VOLUME /var/lib/registry
ENTRYPOINT ["docker-registry"]
CMD ["serve", "/etc/distribution/config.yml"]
