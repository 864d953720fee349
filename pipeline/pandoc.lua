-- Does every conversion that standard input lists, as JSON, in one process: see pandoc.py.
local function content(name)
  local file <close> = assert(io.open(name, "rb"))
  return file:read("a")
end

local function convert(task)
  local files = task.sandbox and {} or nil -- an empty list: the reader sees no file and no address
  local document = pandoc.read(content(task.source), task.from, nil, files)
  local options = task.options
  if task.to:match("^epub") then
    options.template = pandoc.template.compile(pandoc.template.default("epub3"))
  end
  local target <close> = assert(io.open(task.target, "wb"))
  target:write(pandoc.write(document, task.to, options))
end

for _, task in ipairs(pandoc.json.decode(io.read("a"), false)) do
  pandoc.system.with_environment(task.environment, function() convert(task) end)
end
