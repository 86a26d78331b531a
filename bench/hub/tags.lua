-- Arguments: `manifests REPOSITORY TAGS` asks for the manifest of each tag in turn, `list REPOSITORY 0` for all tags.
local kind, repository, tags
local next_tag = 0

function init(args)
  kind, repository, tags = args[1], args[2], tonumber(args[3])
end

function request()
  if kind == "list" then
    return wrk.format("GET", "/v2/" .. repository .. "/tags/list")
  end
  next_tag = next_tag % tags + 1
  return wrk.format("GET", "/v2/" .. repository .. "/manifests/t" .. next_tag)
end
