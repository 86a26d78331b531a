"""What python3-kubernetes does all day, for python.test.ts: each check is a function, named as what it shows."""

import json
import sys
import threading
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException

NAMESPACE = "default"


def config_map(name, data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


def expect(found, wanted):
    if found != wanted:
        raise AssertionError(f"found {found!r}, not {wanted!r}")


def refused(code, reason, call, *args):
    try:
        call(*args)
    except ApiException as error:
        expect(error.status, code)
        expect(json.loads(error.body)["reason"], reason)
    else:
        raise AssertionError(f"not refused: {reason}")


def create_read_replace_delete(core):
    made = core.create_namespaced_config_map(NAMESPACE, config_map("py", {"a": "1"}))
    expect(made.metadata.uid is not None, True)
    made.data["b"] = "2"
    expect(core.replace_namespaced_config_map("py", NAMESPACE, made).data, {"a": "1", "b": "2"})
    made.data["b"] = "3"
    refused(409, "Conflict", core.replace_namespaced_config_map, "py", NAMESPACE, made)
    expect(core.delete_namespaced_config_map("py", NAMESPACE).status, "Success")
    refused(404, "NotFound", core.read_namespaced_config_map, "py", NAMESPACE)


def patch_every_way(core):
    core.create_namespaced_config_map(NAMESPACE, config_map("patched", {"a": "1", "b": "1"}))
    core.patch_namespaced_config_map("patched", NAMESPACE, {"data": {"a": "2"}})
    operations = [{"op": "remove", "path": "/data/b"}]
    expect(core.patch_namespaced_config_map("patched", NAMESPACE, operations).data, {"a": "2"})
    operations = [{"op": "test", "path": "/data/a", "value": "9"}]
    refused(422, "Invalid", core.patch_namespaced_config_map, "patched", NAMESPACE, operations)


def list_by_labels_and_pages(core):
    for number in range(5):
        body = config_map(f"page-{number}", {})
        body.metadata.labels = {"page": "odd" if number % 2 else "even"}
        core.create_namespaced_config_map(NAMESPACE, body)
    expect(len(core.list_namespaced_config_map(NAMESPACE, label_selector="page=odd").items), 2)
    names, token = [], None
    while token != "":
        page = core.list_namespaced_config_map(
            NAMESPACE, label_selector="page", limit=2, _continue=token
        )
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue or ""
    expect(names, [f"page-{number}" for number in range(5)])


def watch_changes(core):
    listed = core.list_namespaced_config_map(NAMESPACE)

    def change():
        time.sleep(0.2)
        core.create_namespaced_config_map(NAMESPACE, config_map("watched", {"a": "1"}))
        core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"a": "2"}})
        core.delete_namespaced_config_map("watched", NAMESPACE)

    changer = threading.Thread(target=change)
    changer.start()
    seen, watcher = [], watch.Watch()
    for event in watcher.stream(
        core.list_namespaced_config_map,
        NAMESPACE,
        field_selector="metadata.name=watched",
        resource_version=listed.metadata.resource_version,
        timeout_seconds=20,
    ):
        seen.append(event["type"])
        if event["type"] == "DELETED":
            watcher.stop()
    changer.join()
    expect(seen, ["ADDED", "MODIFIED", "DELETED"])


def be_told_why_an_object_is_wrong(core):
    refused(422, "Invalid", core.create_namespaced_config_map, NAMESPACE, config_map("Not A Name", {}))
    refused(404, "NotFound", core.create_namespaced_config_map, "nowhere", config_map("lost", {}))
    made = core.create_namespaced_config_map(NAMESPACE, config_map("twice", {}))
    refused(409, "AlreadyExists", core.create_namespaced_config_map, NAMESPACE, config_map("twice", {}))
    options = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="other"))
    refused(409, "Conflict", lambda: core.delete_namespaced_config_map("twice", NAMESPACE, body=options))
    expect(made.metadata.name, "twice")


def run_a_deployment(core):
    labels = {"app": "py"}
    container = client.V1Container(name="c", image="nginx", ports=[client.V1ContainerPort(container_port=80)])
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
    )
    spec = client.V1DeploymentSpec(
        replicas=2, selector=client.V1LabelSelector(match_labels=labels), template=template
    )
    apps = client.AppsV1Api(core.api_client)
    body = client.V1Deployment(metadata=client.V1ObjectMeta(name="py"), spec=spec)
    expect(apps.create_namespaced_deployment(NAMESPACE, body).spec.strategy.type, "RollingUpdate")
    apps.patch_namespaced_deployment_scale("py", NAMESPACE, {"spec": {"replicas": 4}})
    expect(apps.read_namespaced_deployment("py", NAMESPACE).spec.replicas, 4)
    apps.delete_namespaced_deployment("py", NAMESPACE)


def use_custom_resources(core):
    boats = client.CustomObjectsApi(core.api_client)
    where = ("py.example.com", "v1", NAMESPACE, "boats")
    boat = {"apiVersion": "py.example.com/v1", "kind": "Boat", "metadata": {"name": "b"}, "spec": {}}
    expect(boats.create_namespaced_custom_object(*where, boat)["spec"], {"oars": 2})
    boats.patch_namespaced_custom_object(*where, "b", {"spec": {"oars": 4}})
    expect([item["spec"]["oars"] for item in boats.list_namespaced_custom_object(*where)["items"]], [4])
    found = dynamic.DynamicClient(core.api_client).resources.get(api_version="py.example.com/v1", kind="Boat")
    expect(found.get(name="b", namespace=NAMESPACE).spec.oars, 4)
    boats.delete_namespaced_custom_object(*where, "b")


CHECKS = [
    create_read_replace_delete,
    patch_every_way,
    list_by_labels_and_pages,
    watch_changes,
    be_told_why_an_object_is_wrong,
    run_a_deployment,
    use_custom_resources,
]

if __name__ == "__main__":
    config.load_kube_config(sys.argv[1])
    wanted = sys.argv[2]
    {check.__name__: check for check in CHECKS}[wanted](client.CoreV1Api())
